import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DrillReport, type RunRecord } from '../model/index.ts';
import { drillLines } from './drill-lines.ts';
import { drillAims, drillTable, drillsJson } from './drill-table.ts';
import { cells } from './text.ts';

const DRILL: DrillReport = DrillReport.parse({
  name: 'payments-down', title: 'Payment provider, total outage', hypothesis: 'Nobody is turned away or charged twice; payments wait and are confirmed once the provider is back.',
  verdict: 'pass', reason: '6 expectations met', opensAfterS: 1.6, closesAfterS: 2.5, recoversAfterS: 2,
  journeys: [{ journey: 'escrow checkout', n: 8, unaffected: 1, degraded: 7, failed: 0, messages: ['Your payment is being confirmed.'] }, { journey: 'signup', n: 3, unaffected: 3, degraded: 0, failed: 0, messages: [] }],
  integrityBreaches: 0,
  timeline: [
    { tMs: 114_000, event: 'fault in', detail: 'payments: nothing comes through' }, { tMs: 115_600, event: 'breaker open', detail: 'payments' },
    { tMs: 130_000, event: 'fault out' }, { tMs: 132_500, event: 'closed' },
  ],
});
const OPEN: DrillReport = { ...DRILL, name: 'evil\u001b[31m', verdict: 'not judged', reason: 'the steady state did not hold', opensAfterS: null, recoversAfterS: null, journeys: [], integrityBreaches: null, timeline: [] };

function record(...drills: DrillReport[]): RunRecord {
  return { drills, totals: { durationMs: 520_000 }, environment: null } as unknown as RunRecord;
}

test('a drill has a line of what became of it, and one of its turning points', () => {
  assert.deepEqual(drillLines(record(DRILL)), [{
    verdict: 'pass', name: 'payments-down', summary: '6 expectations met · 4 unaffected, 7 degraded, 0 failed',
    timeline: '01:54 fault in (payments: nothing comes through) · +1.6 s breaker open · +16.0 s fault out · +18.5 s closed',
  }]);
  assert.deepEqual(drillLines({} as RunRecord), []);
});

test('a breaker that never rests makes no endless line', () => {
  const timeline = Array.from({ length: 40 }, (_, index) => ({ tMs: 1_000 * index, event: 'half open' }));
  assert.match(drillLines(record({ ...DRILL, timeline }))[0]?.timeline ?? '', /and 29 more$/);
});

test('the table fits the terminal, shows a dash for what was not seen, and says why a drill did not pass', () => {
  for (const width of [80, 100, 160]) {
    const table = drillTable(record(DRILL, OPEN), width);
    // Below some hundred cells the hypothesis keeps its least width.
    if (width >= 120) for (const line of table.split('\n')) assert.ok(cells(line) < width, line);
    assert.match(table, /✓ {2}payments-down .* 1\.6 s .* 2 s .* 4 .* 7 .* 0 .* 0 {2}pass/);
    assert.match(table, /\? {2}evil.* – .* – .* – .* – .* not judged/);
    assert.match(table, /evil: the steady state did not hold/);
    assert.ok(!table.includes('\u001b'));
  }
});

test('the aims are met only by drills that were held and passed', () => {
  assert.deepEqual(drillAims(record(DRILL)).map(({ id, observed, n, met }) => [id, observed, n, met]), [['drills-not-passed', 0, 1, true], ['integrity-breaches', 0, 1, true], ['minutes', 8.7, 1, true]]);
  assert.deepEqual(drillAims(record(DRILL, OPEN)).map(({ observed, met }) => [observed, met]), [[1, false], [null, false], [8.7, true]]);
  // A drill that passed, with breaches of which nobody knows whether they are its own.
  const unknown = record({ ...DRILL, integrityBreaches: null });
  assert.deepEqual(drillAims(unknown).map(({ observed, met }) => [observed, met]), [[0, true], [null, false], [8.7, true]]);
  assert.match(drillTable(unknown, 160), / 0 +– {2}pass/);
  assert.deepEqual(drillAims(record()).map(({ met }) => met), [false, false, false]);
  assert.deepEqual(Object.keys(drillsJson(record(DRILL))), ['name', 'machine', 'cases', 'aims']);
});
