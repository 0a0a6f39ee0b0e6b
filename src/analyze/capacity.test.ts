import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apiPlanOf, binsOf, serverOf, windowsOf } from '../golden/api.ts';
import { normal, seeded } from '../golden/random.ts';
import { planOf } from '../golden/samples.ts';
import { Gate, Kpi } from '../model/index.ts';
import type { GateResult, Observation, Plan } from '../model/index.ts';
import { judge } from '../verdict/decide.ts';
import { analyze } from './analyze.ts';
import type { Scalar } from './scalar.ts';
import { seriesKey } from './series.ts';

const STEP_MS = 30_000;
const SHARES = [1, 2, 3, 4, 5, 6, 8];
/** Of the test plan: ten requests a second at share 1. */
const PEAK = 10;
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
const GATE = Gate.parse({ id: 'headroom', metric: 'capacity_headroom', unit: 'x', min: 3, source: 'test' });

const kpi = (id: string, title: string): Kpi => Kpi.parse({ id, title, unit: 'jobs', scrape: { gauge: id }, source: 'test' });

function steps(shares = SHARES): Plan {
  const phase = { durationS: STEP_MS / 1_000, arrivalRate: 0, rampTo: null, arrivalCount: null, pause: true };
  return planOf({
    phases: shares.map((share) => ({ name: `step ${share}x`, ...phase })),
    api: apiPlanOf({ loads: shares.map((share) => ({ phase: `step ${share}x`, share, to: null })), windowMs: 5_000, stopPastKnee: true }),
    kpis: [kpi('queue', 'job queue'), kpi('cpu', 'processor'), kpi('db', 'connections to the database')],
    gates: [GATE],
  });
}

/** A target that answers so many requests a second: beyond it a queue grows, and its waiting times with it. */
function run(plan: Plan, capacity: number, seed: number): Observation[] {
  const random = seeded(seed);
  const draw = normal(random);
  const lines: Observation[] = [];
  let queued = 0;
  for (const [index, load] of (plan.api?.loads ?? []).entries()) {
    const fromMs = index * STEP_MS;
    const perSecond = load.share * PEAK;
    lines.push(...windowsOf({
      phase: load.phase, fromMs, durationMs: STEP_MS, perSecond, windowMs: 5_000,
      tookMs: () => {
        queued = Math.max(0, queued + (perSecond - capacity) / perSecond);
        const ms = 20 * Math.exp(0.4 * draw()) + (1_000 * queued) / capacity + (random() < 0.01 ? 60 : 0);
        return ms < 10_000 && random() > 0.0005 ? ms : null;
      },
    }));
    for (let at = 0; at < STEP_MS; at += 2_000) {
      const base = { tMs: fromMs + at, phase: load.phase, unit: 'jobs' };
      lines.push(serverOf({ ...base, metric: 'cpu', value: Math.min(100, (90 * perSecond) / capacity) + 3 * draw() }));
      lines.push(serverOf({ ...base, metric: 'db', value: 5 + draw() / 3 }));
      lines.push(serverOf({ ...base, metric: 'queue', value: perSecond > capacity ? 40 + 2 * draw() : Math.abs(draw()) / 4 }));
    }
  }
  return lines;
}

function judged(plan: Plan, lines: Observation[]): { gate: GateResult; capacity: Scalar | undefined } {
  const analysis = analyze(plan, lines);
  const [gate] = judge(plan, analysis).gates;
  assert.ok(gate);
  return { gate, capacity: analysis.scalars.get(seriesKey('api_capacity', {})) };
}

describe('the knee of a load in steps', () => {
  test('is found at its known rate, with the figure that turned, seed by seed', () => {
    for (const seed of SEEDS) {
      const plan = steps();
      const { gate, capacity } = judged(plan, run(plan, 45, seed));
      assert.deepEqual(capacity?.finding.interval, { low: 40, high: 50 }, `seed ${seed}`);
      assert.deepEqual([gate.status, gate.observed, gate.interval], ['pass', 4, { low: 4, high: 5 }]);
      assert.match(gate.evidence[0] ?? '', /^sustained 40\/s, broke at 50\/s: first P95 of GET \/a at/);
      assert.match(gate.evidence[1] ?? '', /^job queue went from .* jobs, from 02:0\d on$/, 'and not the processor, which rose with every step');
    }
  });

  test('is not made up where every level holds: the headroom is at least the highest', () => {
    for (const seed of SEEDS) {
      const plan = steps();
      const { gate } = judged(plan, run(plan, 200, seed));
      assert.deepEqual([gate.status, gate.interval], ['pass', { low: 8, high: null }], `seed ${seed}`);
      assert.deepEqual(gate.evidence, ['at least 80/s: the knee was never reached']);
    }
  });

  test('settles the gate by what held and what broke', () => {
    const cases: [name: string, shares: number[], capacity: number, status: string, hint: RegExp | null][] = [
      ['broke at the limit', [1, 2, 3], 25, 'fail', null],
      ['held at the limit', [1, 2, 3, 4], 35, 'pass', null],
      ['held below, broke above', [1, 2, 4], 25, 'inconclusive', /^smaller steps between 20\/s and 40\/s would narrow it$/],
      ['never loaded up to the limit', [1, 2], 100, 'inconclusive', /load it higher/],
      ['not even the lowest', [1, 2, 3], 6, 'fail', null],
    ];
    for (const [name, shares, capacity, status, hint] of cases) {
      const plan = steps(shares);
      const { gate } = judged(plan, run(plan, capacity, 1));
      assert.equal(gate.status, status, name);
      if (hint) assert.match(gate.hint ?? '', hint);
    }
  });

  test('is not where a passing disturbance was', () => {
    const plan = steps();
    const lines = run(plan, 200, 3).map((one) => (one.kind === 'api' && one.fromMs >= 60_000 && one.fromMs < 70_000
      ? { ...one, latency: binsOf(Array<number>(one.ok).fill(2_000)) } : one));
    assert.equal(judged(plan, lines).gate.interval?.high, null);
  });

  test('is not where the lane itself was late: nothing is known of that load', () => {
    const plan = steps([1, 2, 3, 4]);
    const lines = run(plan, 25, 3).map((one) => (one.kind === 'api' && one.fromMs >= 60_000 ? { ...one, late: one.sent, maxLateMs: 5_000 } : one));
    const { gate } = judged(plan, lines);
    assert.deepEqual([gate.status, gate.observed, gate.interval], ['inconclusive', 2, { low: 2, high: null }]);
    assert.match(gate.evidence.join(), /at 30\/s the API lane itself was late/);
    assert.match(gate.hint ?? '', /give it more threads/);
  });

  test('is where answers stopped coming, even if the lane was late by far less than a timeout', () => {
    const plan = steps([1, 2, 3, 4]);
    const dying = (maxLateMs: number): Observation[] => run(plan, 25, 3).map((one) => (one.kind === 'api' && one.fromMs >= 60_000
      ? { ...one, late: one.sent, maxLateMs, ok: 0, failed: { timeout: one.sent } } : one));
    assert.deepEqual(judged(plan, dying(200)).gate.interval, { low: 2, high: 3 });
    assert.deepEqual(judged(plan, dying(5_000)).gate.interval, { low: 2, high: null }, 'so late that they may have timed out for it');
  });

  test('of a ramp is found slice by slice', () => {
    const plan = steps([1]);
    const ramp = { ...plan, api: { ...apiPlanOf(), loads: [{ phase: 'step 1x', share: 0, to: 10 }], windowMs: 5_000 } };
    const random = seeded(5);
    const lines = Array.from({ length: 20 }, (_, index) => index).flatMap((index) => {
      const perSecond = 5 * index + 2.5;
      return windowsOf({
        phase: 'step 1x', fromMs: index * 5_000, durationMs: 5_000, perSecond, windowMs: 5_000,
        tookMs: () => (perSecond > 52 ? 600 : 20) * (0.8 + 0.4 * random()),
      });
    });
    const { low, high } = judged(ramp, lines).capacity?.finding.interval ?? { low: null, high: null };
    assert.ok(low !== null && high !== null && low > 40 && low <= 52 && high > 52 && high < 65, `${low} to ${high}`);
  });

  test('says so where the lane sent nothing', () => {
    const { gate } = judged(steps(), []);
    assert.deepEqual([gate.status, gate.hint], ['no-data', 'the API lane sent nothing that could rise']);
  });
});
