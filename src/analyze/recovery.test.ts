import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apiPlanOf, serverOf, windowsOf } from '../golden/api.ts';
import { normal, seeded } from '../golden/random.ts';
import { planOf } from '../golden/samples.ts';
import { Gate } from '../model/index.ts';
import type { GateResult, Observation, Plan } from '../model/index.ts';
import { judge } from '../verdict/decide.ts';
import { analyze } from './analyze.ts';
import { normalBand, recoveryAfter } from './recovery.ts';
import type { P95Window } from './recovery.ts';

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const GATE = Gate.parse({ id: 'recovery', metric: 'recovery_time', unit: 's', max: 120, source: 'test' });
const [NORMAL_S, SPIKE_S] = [90, 60];

function spikePlan(afterS = 180): Plan {
  const phase = { arrivalRate: 0, rampTo: null, arrivalCount: null, pause: true };
  const lengths = { normal: NORMAL_S, spike: SPIKE_S, after: afterS };
  return planOf({
    phases: Object.entries(lengths).map(([name, durationS]) => ({ name, durationS, ...phase })),
    api: apiPlanOf({ windowMs: 2_000, loads: [{ phase: 'normal', share: 1, to: null }, { phase: 'spike', share: 10, to: null }, { phase: 'after', share: 1, to: null }] }),
    gates: [GATE],
  });
}

/** A target that is slow in the spike and for so long after it. */
function spikeRun(plan: Plan, slowForS: number, seed: number): Observation[] {
  const draw = normal(seeded(seed));
  let fromMs = 0;
  return plan.phases.flatMap(({ name, durationS }) => {
    const begun = fromMs;
    fromMs += durationS * 1_000;
    return windowsOf({
      phase: name, fromMs: begun, durationMs: durationS * 1_000, perSecond: name === 'spike' ? 400 : 40, windowMs: 2_000,
      tookMs: (dueMs) => {
        const isSlow = name === 'spike' || (name === 'after' && dueMs < (NORMAL_S + SPIKE_S + slowForS) * 1_000);
        return 20 * Math.exp(0.3 * draw()) * (isSlow ? 5 : 1);
      },
    });
  });
}

const judged = (plan: Plan, lines: Observation[]): GateResult => judge(plan, analyze(plan, lines)).gates[0] as GateResult;

describe('recovery after a spike', () => {
  test('is timed to the window, seed by seed: a quick one is quick and a slow one slow', () => {
    for (const seed of SEEDS) {
      const quick = judged(spikePlan(), spikeRun(spikePlan(), 0, seed));
      assert.equal(quick.status, 'pass', `seed ${seed}: ${quick.observed}`);
      assert.ok((quick.observed ?? 99) <= 4, `seed ${seed}: ${quick.observed}`);
      const slow = judged(spikePlan(), spikeRun(spikePlan(), 140, seed));
      assert.deepEqual([slow.status, slow.observed, slow.interval], ['fail', 140, { low: 138, high: 140 }], `seed ${seed}`);
    }
  });

  test('that is not seen fails only if it was waited for longer than the limit', () => {
    const never = judged(spikePlan(), spikeRun(spikePlan(), 1_000, 1));
    assert.deepEqual([never.status, never.observed, never.observedAbove], ['fail', null, 180]);
    const brief = judged(spikePlan(60), spikeRun(spikePlan(60), 1_000, 1));
    assert.deepEqual([brief.status, brief.observedAbove], ['inconclusive', 60]);
    assert.equal(brief.hint, 'not recovered within the 60 s observed after the spike: observe for longer');
  });

  test('names the band, the worst, errors in bursts, and the instances that were added', () => {
    const plan = spikePlan();
    const lines = spikeRun(plan, 10, 2).map((one) => (one.kind === 'api' && one.fromMs === 152_000
      ? { ...one, ok: one.ok - 20, failed: { 'connection reset': 20 } } : one));
    for (let tMs = 0; tMs < 330_000; tMs += 2_000) {
      lines.push(serverOf({ tMs, metric: 'instances', value: tMs < 100_000 ? 1 : 4, unit: 'instances' }));
    }
    const cold = { v: 1, runId: 'r', kind: 'coldStart', phase: 'spike', vu: 'vu-1', journey: 'signup', role: 'crowd', service: 'api' } as const;
    lines.push({ ...cold, tMs: 99_000, durationMs: 640 });
    const said = judged(plan, lines).evidence.join('\n');
    assert.match(said, /^normal P95 up to [\d.]+ ms \(median [\d.]+ ms of 45 windows before\), at worst/);
    assert.match(said, /errors in bursts: 20 requests failed, more than 5 % of them in 1 window, from 02:32 on; 1 after the spike/);
    assert.match(said, /instances went from 1 to 4/);
    assert.match(said, /1 cold start, the longest 640 ms/);
  });

  test('cannot be told without a normal load before the spike', () => {
    const plan = { ...spikePlan(), warmUpPhases: ['normal'] };
    const gate = judged(plan, spikeRun(plan, 0, 1));
    assert.equal(gate.status, 'no-data');
    assert.match(gate.hint ?? '', /no phase of steady load before the spike/);
  });
});

describe('windows after a spike', () => {
  const band = { medianMs: 20, upToMs: 25, n: 20 };
  const after = (text: string): P95Window[] => [...text].map((sign, index) => ({
    fromMs: 100_000 + index * 10_000, toMs: 110_000 + index * 10_000, p95Ms: sign === '.' ? 20 : sign === '#' ? 90 : null,
  }));
  const table: [name: string, windows: string, afterMs: number | null, low: number, high: number | null][] = [
    ['at once', '......', 0, 0, 10_000],
    ['after two', '##....', 20_000, 10_000, 20_000],
    ['one outlier long after is chance', '#...#...', 10_000, 0, 10_000],
    ['two are chance as well', '#...##...', 10_000, 0, 10_000],
    ['three of five are a relapse', '#...#.##...', 80_000, 60_000, 80_000],
    ['a single one directly after the spike is none', '#.....', 10_000, 0, 10_000],
    ['a return at the very end is not yet proven', '####..', null, 30_000, null],
    ['never', '######', null, 60_000, null],
    ['unknown ones widen', '#??...', 30_000, 0, 30_000],
    ['unknown at the end prove nothing', '#.....??', 10_000, 0, 10_000],
    ['one outlier at the end is chance as well', '#.....#', 10_000, 0, 10_000],
    ['three at the end are a relapse', '#.....###', null, 90_000, null],
  ];
  for (const [name, windows, afterMs, low, high] of table) {
    test(name, () => {
      const recovery = recoveryAfter(after(windows), 100_000, band);
      assert.deepEqual([recovery?.afterMs, recovery?.low, recovery?.high], [afterMs, low, high]);
    });
  }

  test('nothing sent is nothing known', () => {
    assert.equal(recoveryAfter([], 100_000, band), null);
    assert.equal(normalBand(after('..'), 1), null);
  });

  test('are normal up to what nearly all windows before reached, and a little more', () => {
    const upTo = (values: number[], toleranceMs = 1): number | undefined =>
      normalBand(values.map((p95Ms, index) => ({ fromMs: index, toMs: index + 1, p95Ms })), toleranceMs)?.upToMs;
    const many = (value: number, count: number): number[] => Array<number>(count).fill(value);
    assert.equal(upTo(many(20, 3)), 22, 'a tenth');
    assert.equal(upTo(many(20, 3), 10), 30, 'what the lane itself may add');
    assert.equal(upTo([...many(20, 14), 90, 90]), 90, 'two levels of a mix');
    assert.equal(upTo([...many(20, 44), 900]), 22, 'but no single freak among many');
    assert.equal(upTo([10, 20, 30]), 20 + 4 * 1.4826 * 10);
  });
});
