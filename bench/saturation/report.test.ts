import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kind } from './lab.ts';
import { aimsOf, casesOf, truthOf, type Level, type Stretch } from './report.ts';

function stretch(level: Level, kind: Kind, probeMs: number[], crowdPerSecond: number): Stretch {
  return {
    level,
    kind,
    probeMs,
    truthMs: probeMs,
    playwrightMs: [],
    cpuShare: 1,
    failed: 0,
    crowdPerSecond,
    allPerSecond: crowdPerSecond + 1,
  };
}

const many = (value: number): number[] => Array.from({ length: 30 }, () => value);

test('the aims compare the observers far past saturation with the idle truth, and the two throughputs', () => {
  const stretches = [
    stretch('idle', 'split', many(100), 0),
    stretch('far past', 'one', many(300), 8),
    stretch('far past', 'split', many(104), 7),
    stretch('far past', 'one', many(300), 6),
    stretch('far past', 'split', many(104), 7),
  ];
  const aims = aimsOf(casesOf(stretches), truthOf(stretches));
  assert.deepEqual(
    aims.map(({ observed, n, met }) => [observed, n, met]),
    [
      [4, 60, true],
      [4, 60, true],
      [100, 60, true],
    ],
  );
});

test('observers that are late miss the aims; faster than idle is no excess', () => {
  const idle = stretch('idle', 'split', many(100), 0);
  const late = [idle, stretch('far past', 'one', [], 8), stretch('far past', 'split', many(130), 7)];
  assert.deepEqual(
    aimsOf(casesOf(late), truthOf(late)).map((aim) => aim.met),
    [false, false, false],
  );
  const fast = [idle, stretch('far past', 'split', many(90), 7)];
  assert.deepEqual(
    aimsOf(casesOf(fast), truthOf(fast)).map((aim) => aim.observed),
    [0, 0, null],
  );
});

test('with too few samples the p95 is not measured, and without any nothing is', () => {
  const few = [stretch('idle', 'split', [100, 100], 0), stretch('far past', 'split', [101, 101], 8)];
  assert.deepEqual(
    aimsOf(casesOf(few), truthOf(few)).map((aim) => aim.observed),
    [1, null, null],
  );
  for (const aim of aimsOf([], { p50Ms: null, p95Ms: null, n: 0 }))
    assert.deepEqual([aim.observed, aim.met], [null, false]);
});
