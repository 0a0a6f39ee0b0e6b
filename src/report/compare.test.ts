import assert from 'node:assert/strict';
import test from 'node:test';
import type { ComparedRow, Comparison } from '../model/index.ts';
import { comparisonPage } from './compare-html.ts';
import { boundsText, chanceText, comparisonReason, shiftText, sideText, timeText } from './compare-lines.ts';
import { comparisonMarkdown, comparisonSummary } from './compare-markdown.ts';
import { comparisonText } from './compare-text.ts';
import { createDraw } from './html/charts/draw.ts';
import { cells } from './text.ts';

const side = (value: number | null): ComparedRow['a'] => ({ value, above: null, status: 'pass', n: 20, censored: 0 });

function row(result: ComparedRow['result'], more: Partial<ComparedRow> = {}): ComparedRow {
  return {
    kind: 'gate', id: 'pay', title: 'checkout › pay', stat: 'p75', unit: 'ms', a: side(74), b: side(112), shift: { value: 38, low: 24, high: 51 },
    p: 0.001, pShift: 0.002, pAdjusted: 0.004, superiority: 0.9, method: 'mann-whitney', margin: 10, result, reason: 'because', ...more,
  };
}

function comparison(rows: ComparedRow[], result: Comparison['result']): Comparison {
  const run = (runId: string): Comparison['a'] => ({ runId, profile: 'smoke', startedAtEpochMs: 1_700_000_000_000, decision: 'GO', commit: 'abc', target: 'http://127.0.0.1:1' });
  return { a: run('first'), b: run('second'), confidence: 0.95, caveats: [], rows, result };
}

test('figures say as much as they are worth', () => {
  assert.deepEqual([shiftText(row('worse')), boundsText(row('worse'))], ['+38 ms', '[+24, +51]']);
  const small = row('same', { shift: { value: -0.25, low: null, high: 1.234 } });
  assert.deepEqual([shiftText(small), boundsText(small)], ['-0.25 ms', '[–, +1.2]']);
  assert.equal(shiftText(row('worse', { unit: '%', shift: { value: 1.5, low: 1, high: 2 } })), '+1.5 points');
  assert.equal(sideText({ ...side(null), above: 10_000 }, 'ms'), '> 10,000 ms');
  assert.equal(sideText(side(null), 'ms'), '–');
  assert.deepEqual([chanceText(0), chanceText(0.0123), chanceText(0.5), chanceText(null)], ['< 0.0005', '0.012', '0.50', '']);
  assert.equal(timeText(1e18), '–');
});

test('one sentence says what it comes to, and what is not known', () => {
  assert.equal(comparisonReason(comparison([row('worse'), row("can't tell"), row('same')], 'worse')), '1 of 3 gates is worse: checkout › pay (p75); of one nothing can be told.');
  assert.equal(comparisonReason(comparison([row('same')], 'same')), 'None of 1 gate is worse by more than its margin.');
  assert.match(comparisonReason(comparison([row("can't tell")], "can't tell")), /but of 1 nothing can be told: checkout › pay/);
  assert.match(comparisonReason(comparison([row('better')], 'better')), /1 of 1 gate is better, none is worse/);
  assert.match(comparisonReason(comparison([], "can't tell")), /no gate/);
});

test('the terminal keeps to its width, and rows that are not the same say why', () => {
  const text = comparisonText(comparison([row('worse', { title: 'a very long journey with a long name › and a step that is long as well' }), row('same')], 'worse'), { reportPath: 'reports/x.html', width: 100, color: false });
  assert.ok(text.split('\n').every((line) => cells(line) <= 100), text);
  assert.match(text, / WORSE {3}/);
  assert.match(text, /· because/);
  assert.match(text, /report {3}reports\/x\.html/);
});

test('steps that are not shown on the terminal are counted', () => {
  const steps = Array.from({ length: 14 }, (_, index) => row('worse', { kind: 'step', title: `step ${index}` }));
  const text = comparisonText(comparison([row('same'), ...steps], 'same'), { reportPath: null, width: 120, color: false });
  assert.match(text, /: 14 moved, 12 of them here, all in the report\n/);
  assert.equal(text.match(/ ✗ step/g)?.length, 12);
});

test('hostile names are text in every form', async () => {
  const hostile = '<script>alert(1)</script>\u001b[31m|`[x](javascript:y)\n## GO';
  const made = comparison([row('worse', { title: hostile, reason: hostile }), row('worse', { kind: 'step', title: hostile })], 'worse');
  made.caveats = [hostile];
  for (const run of [made.a, made.b]) Object.assign(run, { runId: hostile, profile: hostile, commit: hostile, target: hostile });
  const page = comparisonPage(made, await createDraw());
  assert.doesNotMatch(page, /<script/);
  assert.match(page, /&lt;script&gt;/);
  for (const text of [comparisonMarkdown(made), comparisonSummary(made)]) {
    assert.doesNotMatch(text, /<script|\]\(|^## GO/m);
  }
  const terminal = comparisonText(made, { reportPath: hostile, width: 120, color: false });
  assert.ok(!terminal.includes('\u001b'));
  assert.doesNotMatch(terminal, /^## GO/m);
});

test('the page is whole without a script, with a picture of each shift on the scale of its margin', async () => {
  const page = comparisonPage(comparison([row('worse'), row('same'), row("can't tell", { shift: null })], 'worse'), await createDraw());
  assert.equal(page.match(/<svg/g)?.length, 2);
  assert.match(page, /default-src 'none'/);
  assert.doesNotMatch(page, / style="/);
});
