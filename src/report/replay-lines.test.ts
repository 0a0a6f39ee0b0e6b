import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { RunRecord } from '../model/index.ts';
import { withDrills } from './html/sample.ts';
import { replayLines } from './replay-lines.ts';
import { verdictBlock } from './terminal.ts';

const GOLDEN = RunRecord.parse(JSON.parse(readFileSync(new URL('../golden/run/record.json', import.meta.url), 'utf8')));

test('what replayed traffic met is told in a few lines; what is not known is left out, and no run without a replay has any', () => {
  assert.deepEqual(replayLines(withDrills(GOLDEN)), [
    '42 pages of people and 1,204 requests of crawlers (3 over 10 ms late, p95 0.4 ms, longest 31 ms) were played, 1 never sent, at 2 times the recorded speed',
    'people: p75 asked for first 120 ms (n 40)',
    'as search engines count (p75): LCP 2,600 ms needs improvement (/find/:slug, n 40)',
  ]);
  assert.deepEqual(replayLines(GOLDEN), []);
  const cut = withDrills(GOLDEN);
  const { replay } = cut;
  assert.ok(replay);
  const { lateness: _, ...older } = replay.played;
  assert.match(replayLines({ ...cut, replay: { ...replay, played: older } })[0] ?? '', /1,204 requests of crawlers were played, 3 late, 1 never sent/);
  assert.match(replayLines({ ...cut, totals: { ...cut.totals, ended: 'interrupted' } })[0] ?? '', /played, 1 not played, as the run ended early, at/);
});

test('the block has them below the gates, in its width, and nothing from outside can paint', () => {
  const block = verdictBlock(withDrills(GOLDEN, '\u001b[32mGO\u001b[0m\u0007 <b>'), { runPath: 'reports/run-1', width: 80, color: false });
  const at = block.indexOf(' replay   42 pages of people');
  assert.ok(at > block.indexOf('≤') && at < block.indexOf(' report '), block);
  assert.ok(!block.includes('\u001b') && !block.includes('\u0007'));
  assert.ok(block.split('\n').every((line) => line.length <= 120));
});
