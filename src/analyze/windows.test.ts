import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { HealthObservation, ValidityRules } from '../model/index.ts';
import type { CanaryObservation, Validity } from '../model/index.ts';
import { watchWindows } from './windows.ts';
import type { WatchedWindows } from './windows.ts';

const RULES = ValidityRules.parse({});
const outside = { v: 1, runId: 'r', phase: null, vu: null, journey: null } as const;

function click(tMs: number, excessMs: number | null, changes: Partial<CanaryObservation> = {}): CanaryObservation {
  const latencyMs = excessMs === null ? null : 70 + excessMs;
  return { ...outside, kind: 'canary', role: 'observer', tMs, outcome: 'passed', latencyMs, idleMs: 70, excessMs, driverMs: 90, ...changes };
}

function health(tMs: number, changes: Partial<HealthObservation>): HealthObservation {
  return HealthObservation.parse({
    ...outside, kind: 'health', tMs, cpuShare: 1, cpuPressureShare: 1, loopDelayMaxMs: 30, rssBytes: 1, activeUsers: 1, ...changes,
  });
}

/** A click a second from 500 ms on, each with the excess that the function gives. */
function clicks(lengthMs: number, excessAt: (tMs: number) => number | null = () => 1): CanaryObservation[] {
  return Array.from({ length: Math.floor(lengthMs / 1_000) }, (_, index) => index * 1_000 + 500).flatMap((tMs) => {
    const excess = excessAt(tMs);
    return excess === null ? [] : [click(tMs, excess)];
  });
}

function watched(observations: (CanaryObservation | HealthObservation)[], rules = RULES): WatchedWindows {
  const windows = watchWindows(rules);
  for (const one of observations) {
    if (one.kind === 'canary') windows.seeCanary(one);
    else windows.seeHealth(one);
  }
  return windows;
}

function validityOf(observations: (CanaryObservation | HealthObservation)[], lengthMs = 60_000, rules = RULES): Validity {
  return watched(observations, rules).finish({ fromMs: 0, toMs: lengthMs }).validity;
}

const during = (fromMs: number, toMs: number, excess: number | null, otherwise = 1) =>
  (tMs: number): number | null => (tMs >= fromMs && tMs < toMs ? excess : otherwise);

test('windows are judged by the median excess of the observer’s canary, and nothing that leaves it alone counts', () => {
  const busy = Array.from({ length: 60 }, (_, index) => health(index * 1_000, { cpuShare: 1, cpuPressureShare: 1 }));
  const crowd = clicks(60_000, () => 400).map((one): CanaryObservation => ({ ...one, role: 'crowd' }));
  const cases: [name: string, given: (CanaryObservation | HealthObservation)[], share: number, summary: string][] = [
    ['all well', clicks(60_000), 1, 'observers undisturbed (canary +1.0 ms)'],
    ['faster than idle', clicks(60_000, () => -3), 1, 'observers undisturbed (canary −3.0 ms)'],
    ['a processor at 100 %, a crowd that crawls', [...clicks(60_000), ...busy, ...crowd], 1, 'observers undisturbed (canary +1.0 ms)'],
    ['as much as the larger limit, 20 % of 70 ms', clicks(60_000, () => 14), 1, 'observers undisturbed (canary +14 ms)'],
    ['more than the larger limit', clicks(60_000, () => 14.1), 0, 'observers disturbed 00:00–01:00 (canary +14 ms)'],
    ['four slow clicks of ten', clicks(60_000, (tMs) => (tMs % 10_000 < 4_000 ? 500 : 0)), 1, 'observers undisturbed (canary +0.0 ms)'],
    ['one bad window', clicks(60_000, during(20_000, 30_000, 83)), 0.8333, 'observers disturbed 00:20–00:30 (canary +83 ms)'],
    ['two that touch are one span, named by the worse', clicks(60_000, (tMs) => (tMs >= 20_000 && tMs < 40_000 ? tMs / 300 : 0)), 0.6667,
      'observers disturbed 00:20–00:40 (canary +115 ms)'],
    ['two that do not touch', clicks(60_000, (tMs) => (tMs < 10_000 || tMs >= 50_000 ? 50 : 0)), 0.6667,
      'observers disturbed 00:00–00:10 and 1 more time (canary +50 ms)'],
    ['two clicks only', clicks(60_000, (tMs) => (tMs >= 20_000 && tMs < 28_000 ? null : 0)), 0.8333, 'observers unproven 00:20–00:30 (2 canary clicks)'],
    ['a click that failed tells nothing', [...clicks(60_000), click(31_000, null, { outcome: 'crashed' })], 1, 'observers undisturbed (canary +1.0 ms)'],
    ['steal', [...clicks(60_000), health(25_000, { cpuStealShare: 0.3 })], 0.8333, 'observers disturbed 00:20–00:30 (steal 30 %)'],
    ['steal at its limit', [...clicks(60_000), health(25_000, { cpuStealShare: 0.1 })], 1, 'observers undisturbed (canary +1.0 ms)'],
    ['swap', [...clicks(60_000), health(25_000, { swapInBytesPerSecond: 3 * 1024 ** 2 })], 0.8333, 'observers disturbed 00:20–00:30 (swap in 3 MiB/s)'],
    ['a loop that lags', [...clicks(60_000), health(25_000, { loopDelayMaxMs: 900 })], 1, 'observers undisturbed (canary +1.0 ms)'],
    ['a loop that stands', [...clicks(60_000), health(25_000, { loopDelayMaxMs: 2_400 })], 0.8333,
      'observers disturbed 00:20–00:30 (event loop stood still for 2.4 s)'],
    ['a machine that says nothing of itself', [...clicks(60_000), health(25_000, { cpuShare: null, loopDelayMaxMs: null })], 1,
      'observers undisturbed (canary +1.0 ms)'],
  ];
  for (const [name, given, share, summary] of cases) {
    const validity = validityOf(given);
    assert.deepEqual([validity.healthyShare, validity.summary], [share, summary], name);
    assert.equal(validity.state, share === 1 ? 'undisturbed' : 'disturbed', name);
    assert.equal(validity.latencyHeldBack, share < 0.8, name);
  }
});

test('a click that is never answered is slower than any, in all windows that it spans', () => {
  const hung = click(22_500, null, { outcome: 'timeout', driverMs: 5_000 });
  const others = clicks(60_000, during(17_500, 29_000, null));
  const { windows, observer, summary } = validityOf([...others, hung, click(27_600, null, { outcome: 'timeout', driverMs: 5_000 })]);
  assert.deepEqual(windows.map(({ state }) => state), ['healthy', 'healthy', 'disturbed', 'healthy', 'healthy', 'healthy']);
  assert.equal(summary, 'observers disturbed 00:20–00:30 (canary unanswered)');
  assert.equal(windows[2]?.observerExcessMs, null);
  assert.equal(windows[1]?.clicks, 8, 'seven, and the hung one that began there');
  assert.deepEqual([observer?.timeouts, observer?.maxExcessMs], [2, 1]);
});

test('without any canary nothing is known and nothing held back', () => {
  const validity = validityOf([health(1_000, { cpuStealShare: 0.9 })]);
  assert.deepEqual([validity.state, validity.healthyShare, validity.latencyHeldBack, validity.summary], ['unknown', null, false, 'canary not run']);
  const { counts } = watched([]).finish({ fromMs: 0, toMs: 60_000 });
  assert.ok(counts({ fromMs: 0, toMs: 1 }));
});

test('a canary without an idle value proves nothing', () => {
  const validity = validityOf(clicks(30_000).map((one) => ({ ...one, idleMs: null, excessMs: null })), 30_000);
  assert.deepEqual([validity.healthyShare, validity.latencyHeldBack, validity.summary], [0, true, 'observers unproven 00:00–00:30 (canary not calibrated)']);
});

test('a run without judged users has no windows', () => {
  assert.equal(watched(clicks(5_000)).finish(null).validity.state, 'unknown');
});

test('the ends of a run are no windows of their own when they are short', () => {
  const boundsOf = (fromMs: number, toMs: number): number[][] =>
    watched(clicks(toMs)).finish({ fromMs, toMs }).validity.windows.map((window) => [window.fromMs, window.toMs, window.clicks]);
  assert.deepEqual(boundsOf(9_900, 31_000), [[9_900, 20_000, 20], [20_000, 31_000, 11]]);
  assert.deepEqual(boundsOf(4_000, 26_000), [[4_000, 10_000, 10], [10_000, 20_000, 10], [20_000, 26_000, 6]]);
  assert.deepEqual(boundsOf(9_000, 12_000), [[9_000, 12_000, 12]]);
  assert.deepEqual(boundsOf(3_000, 3_000), [[3_000, 3_000, 3]]);
});

test('a sample counts where every window that it overlaps is healthy', () => {
  const { counts } = watched(clicks(60_000, during(20_000, 30_000, 83))).finish({ fromMs: 2_000, toMs: 58_000 });
  const cases: [fromMs: number, toMs: number, counts: boolean][] = [
    [0, 500, true], [5_000, 19_999, true], [19_000, 20_000, false], [22_000, 23_000, false], [15_000, 45_000, false],
    [29_999, 30_500, false], [30_000, 31_000, true], [57_000, 99_000, true],
  ];
  for (const [fromMs, toMs, expected] of cases) assert.equal(counts({ fromMs, toMs }), expected, `${fromMs}–${toMs}`);
});

test('three days have a largest excess as any other run', () => {
  const lengthMs = 72 * 3_600_000;
  const { observer } = validityOf(clicks(lengthMs, (tMs) => (tMs === 100_500 ? 90 : 1)), lengthMs);
  assert.deepEqual([observer?.n, observer?.maxExcessMs, observer?.medianExcessMs], [259_200, 90, 1]);
});

test('slo.yml sets every limit', () => {
  const rules = ValidityRules.parse({ max_canary_excess_ms: 90, min_healthy_percent: 50, min_canary_samples: 10, max_steal_percent: 40 });
  const given = [...clicks(60_000, during(0, 20_000, 83)), health(45_000, { cpuStealShare: 0.3 })];
  assert.equal(validityOf(given, 60_000, rules).healthyShare, 1);
  const half = ValidityRules.parse({ min_healthy_percent: 50 });
  assert.equal(validityOf(clicks(60_000, during(0, 30_000, 83)), 60_000, half).latencyHeldBack, false);
});

test('the order of observations changes nothing', () => {
  const given = [...clicks(60_000, during(20_000, 30_000, 83)), health(45_000, { cpuStealShare: 0.3 }), health(46_000, { cpuStealShare: 0.01 })];
  const expected = validityOf(given);
  fc.assert(fc.property(fc.shuffledSubarray(given, { minLength: given.length }), (shuffled) => {
    assert.deepEqual(validityOf(shuffled), expected);
  }), { numRuns: 30 });
});
