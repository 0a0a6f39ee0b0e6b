import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apiOf, apiPlanOf, binsOf, windowsOf } from '../golden/api.ts';
import { normal, seeded } from '../golden/random.ts';
import { planOf } from '../golden/samples.ts';
import { Gate } from '../model/index.ts';
import type { ApiObservation, GateResult, Observation, Plan, SketchBins } from '../model/index.ts';
import { judge } from '../verdict/decide.ts';
import { analyze, createAnalyzer } from './analyze.ts';
import { createTimeline, countsOf } from './api-timeline.ts';
import { MOST_POINTS } from './trend.ts';

const SEEDS = Array.from({ length: 25 }, (_, index) => index + 1);
const HOUR_MS = 3_600_000;
const GATE = Gate.parse({ id: 'drift', metric: 'latency_drift', stat: 'p95', unit: '%', max: 1, source: 'test' });

function soakPlan(hours: number, windowMs = 60_000): Plan {
  const phase = { arrivalRate: 0, rampTo: null, arrivalCount: null, pause: true };
  return planOf({
    phases: [{ name: 'warm up', durationS: 60, ...phase }, { name: 'soak', durationS: hours * 3_600, ...phase }],
    warmUpPhases: ['warm up'], gates: [GATE],
    api: apiPlanOf({ windowMs, loads: [{ phase: 'warm up', share: 0.1, to: null }, { phase: 'soak', share: 1, to: null }] }),
  });
}

/** A steady load whose latency rises by so many per cent of its first level an hour. */
function soak(hours: number, perHour: number, seed: number): Observation[] {
  const draw = normal(seeded(seed));
  return windowsOf({
    phase: 'soak', fromMs: 60_000, durationMs: hours * HOUR_MS, perSecond: 3, windowMs: 60_000,
    tookMs: (dueMs) => 20 * Math.exp(0.25 * draw()) * (1 + (perHour / 100) * (dueMs / HOUR_MS)),
  });
}

const judged = (plan: Plan, lines: readonly Observation[]): GateResult => judge(plan, analyze(plan, lines)).gates[0] as GateResult;

describe('the drift of a soak', () => {
  test('of 3 % an hour is found, seed by seed, and none is found where there is none', () => {
    for (const seed of SEEDS) {
      const drifting = judged(soakPlan(6), soak(6, 3, seed));
      assert.equal(drifting.status, 'fail', `seed ${seed}: ${JSON.stringify(drifting)}`);
      assert.match(drifting.evidence.join(), /a significant rise/);
      const { low, high } = drifting.interval ?? { low: null, high: null };
      // 18 % of the first level is 16.5 % of the median one.
      assert.ok(low !== null && high !== null && low < 18 && high > 15, `seed ${seed}: ${low} to ${high}`);
      assert.notEqual(judged(soakPlan(6), soak(6, 0, seed)).status, 'fail', `false alarm, seed ${seed}`);
    }
  });

  test('passes where its bounds keep the limit, and says how much longer a run would show it', () => {
    const plan = (max: number): Plan => ({ ...soakPlan(6), gates: [{ ...GATE, max } as Gate] });
    const lines = soak(6, 0, 7);
    assert.equal(judged(plan(8), lines).status, 'pass');
    const open = judged(plan(0.5), lines);
    assert.equal(open.status, 'inconclusive');
    assert.match(open.hint ?? '', /needs about [\d,]+ more windows|too near/);
  });

  test('is open with too few windows, and says how many more it needs', () => {
    const plan = soakPlan(6);
    const few = soak(6, 0, 1).slice(0, 4);
    const gate = judged(plan, few);
    assert.deepEqual([gate.status, gate.hint], ['no-data', 'needs 6 more windows of 60 s of steady load']);
  });

  test('is not that of another load: phases of other shares are left out', () => {
    const plan = soakPlan(6);
    const phase = { name: 'rush', durationS: 600, arrivalRate: 0, rampTo: null, arrivalCount: null, pause: true };
    const rush = { ...plan, phases: [...plan.phases, phase], api: { ...apiPlanOf(), ...plan.api, loads: [...(plan.api?.loads ?? []), { phase: 'rush', share: 9, to: null }] } };
    const slow = windowsOf({ phase: 'rush', fromMs: 6 * HOUR_MS + 60_000, durationMs: 600_000, perSecond: 3, windowMs: 60_000, tookMs: () => 900 });
    const lines = soak(6, 0, 3);
    assert.deepEqual(judged(rush, [...lines, ...slow]).interval, judged(plan, lines).interval);
  });

  test('sees what a sketch’s buckets of 2 % would hide: 1 % over the run in a latency that hardly varies', () => {
    const draw = normal(seeded(9));
    const lines = windowsOf({
      phase: 'soak', fromMs: 60_000, durationMs: 6 * HOUR_MS, perSecond: 20, windowMs: 60_000,
      tookMs: (dueMs) => 20 * Math.exp(0.02 * draw()) * (1 + (0.01 * dueMs) / (6 * HOUR_MS)),
    });
    const { observed } = judged(soakPlan(6), lines);
    assert.ok(observed !== null && Math.abs(observed - 1) < 0.35, `${observed}`);
  });

  test('never passes where half of the windows timed out: they count as the deadline', () => {
    const lines = soak(6, 0, 2) as ApiObservation[];
    const dying = lines.map((one, index) => (index < lines.length / 2 ? one
      : apiOf({ phase: 'soak', route: one.route, fromMs: one.fromMs, toMs: one.toMs, failed: { timeout: one.sent } })));
    const gate = judged(soakPlan(6), dying);
    assert.notEqual(gate.status, 'pass');
    assert.ok((gate.interval?.high ?? Infinity) > 50);
  });
});

test('72 hours of ten routes are analysed in slices, no more than a trend takes, and in little memory', () => {
  const hours = 72;
  const plan = soakPlan(hours, 10_000);
  const draw = normal(seeded(1));
  // Three hundred requests a second over ten routes; a few hundred different windows stand for all of them.
  const some = Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => 20 * Math.exp(0.3 * draw())));
  const bins: SketchBins[] = some.map(binsOf);
  const analyzer = createAnalyzer(plan);
  let lines = 0;
  for (let window = 0; window < hours * 360; window += 1) {
    for (let route = 0; route < 10; route += 1) {
      const sketch = bins[(window * 7 + route * 31) % bins.length];
      if (!sketch) continue;
      lines += 1;
      analyzer.add(apiOf({
        phase: 'soak', route: `GET /${route}`, fromMs: 60_000 + window * 10_000, scheduled: 300, sent: 300, ok: 300, latency: sketch, service: sketch,
      }));
    }
  }
  assert.equal(lines, 259_200);
  const analysis = analyzer.finish();
  assert.ok(process.memoryUsage().heapUsed < 500e6, `${Math.round(process.memoryUsage().heapUsed / 1e6)} MB`);
  const finding = analysis.findings.find((one) => one.metric === 'latency_drift' && one.scope['route'] === undefined);
  assert.ok(finding && finding.n > 900 && finding.n <= MOST_POINTS + 1);
  const api = analysis.findings.find((one) => one.metric === 'api_latency' && one.scope['route'] === 'all' && one.stat === 'p95');
  assert.equal(api?.n, 77_760_000);
  const [gate] = judge(plan, analysis).gates;
  assert.equal(gate?.status, 'pass', JSON.stringify(gate));
});

test('slices belong to one phase each, and keep the time that their windows had', () => {
  const timeline = createTimeline(soakPlan(72, 10_000));
  for (const [phase, fromMs] of [['warm up', 50_000], ['soak', 60_000], ['soak', 70_000], ['soak', 90_000]] as const) {
    const one = apiOf({ phase, fromMs, durationsMs: [1, 2] });
    timeline.add(one, countsOf(one), false);
  }
  const slices = timeline.slices().map(({ phase, fromMs, toMs, ok }) => [phase, fromMs, toMs, ok]);
  assert.deepEqual(slices, [['warm up', 50_000, 60_000, 2], ['soak', 60_000, 100_000, 6]]);
});
