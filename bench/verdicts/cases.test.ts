import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../../src/model/index.ts';
import { CASES, aimsOf, summarize, type Outcome } from './cases.ts';

function outcome(id: string, decision: Decision | null): Outcome {
  return { id, decision, exitCode: 0, seconds: 1, seed: 1, because: [] };
}

function aims(outcomes: Outcome[]): [number | null, boolean][] {
  return aimsOf(CASES, summarize(CASES, outcomes)).map(({ observed, met }) => [observed, met]);
}

test('right answers meet every aim', () => {
  const outcomes = CASES.map(({ id, right }) => outcome(id, right ?? 'INCONCLUSIVE'));
  assert.deepEqual(aims(outcomes), [
    [0, true],
    [0, true],
    [0, true],
    [100, true],
  ]);
});

test('a GO on a slow site, a NO-GO on a starved generator and a run without a verdict are each counted', () => {
  const outcomes = [
    outcome('+50 ms in one step', 'GO'),
    outcome('generator starved', 'NO-GO'),
    outcome('nothing wrong', null),
  ];
  assert.deepEqual(aims(outcomes), [
    [1, false],
    [1, false],
    [1, false],
    [0, false],
  ]);
});

test('never settling anything is not wrong, but misses its own aim', () => {
  assert.deepEqual(aims(CASES.map(({ id }) => outcome(id, 'INCONCLUSIVE'))), [
    [0, true],
    [0, true],
    [0, true],
    [0, false],
  ]);
});

test('no case allows both GO and NO-GO, and none without its right answer among the allowed', () => {
  for (const { allowed, right } of CASES) {
    assert.ok(!(allowed.includes('GO') && allowed.includes('NO-GO')));
    assert.ok(right === null || allowed.includes(right));
  }
});

test('nothing measured meets nothing', () => {
  assert.deepEqual(aims([]), [
    [null, false],
    [null, false],
    [null, false],
    [null, false],
  ]);
});
