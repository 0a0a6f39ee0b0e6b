import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { apiOf, apiPlanOf } from '../golden/api.ts';
import { planOf } from '../golden/samples.ts';
import { Gate } from '../model/index.ts';
import type { ApiObservation, Plan } from '../model/index.ts';
import { judge } from '../verdict/decide.ts';
import { analyze } from './analyze.ts';
import { createApi } from './api.ts';
import { percentileOf, rateOf } from './findings.ts';
import { emptyLatency, seriesKey } from './series.ts';
import { sketchPercentileOf } from './sketch-bounds.ts';

const plan = (changes: Partial<Plan> = {}): Plan => planOf({ api: apiPlanOf(), ...changes });
const gate = (changes: Record<string, unknown>): Gate => Gate.parse({ id: 'g', source: 'test', ...changes });
const LATENCY = gate({ metric: 'api_latency', route: 'all', stat: 'p95', unit: 'ms', max: 100 });
const ERRORS = gate({ metric: 'api_error_rate', unit: '%', max: 1 });
const RATE = gate({ metric: 'api_throughput', unit: '%', min: 99 });
const judged = (windows: ApiObservation[], changes: Partial<Plan> = {}) => {
  const whole = plan({ gates: [LATENCY, ERRORS, RATE], ...changes });
  return judge(whole, analyze(whole, windows)).gates;
};
const many = (count: number, ms = 20): number[] => Array.from({ length: count }, (_, index) => ms + (index % 7));

/** One window with latencies over the orders of magnitude, failures and all the rest. */
const window = fc.record({
  route: fc.constantFrom('GET /a', 'GET /b', 'POST /c'),
  slot: fc.nat({ max: 11 }),
  durationsMs: fc.array(fc.double({ min: -2, max: 4, noNaN: true }).map((power) => 10 ** power), { maxLength: 60 }),
  failed: fc.nat({ max: 5 }), unfinished: fc.nat({ max: 2 }), late: fc.nat({ max: 3 }), notSent: fc.nat({ max: 3 }),
}).map(({ route, slot, durationsMs, failed, unfinished, late, notSent }) => {
  const sent = durationsMs.length + failed + unfinished;
  return {
    durationsMs, failed,
    line: apiOf({
      route, fromMs: slot * 10_000, durationsMs, unfinished, sent, scheduled: sent + notSent, late: Math.min(late, sent),
      failed: { ...(failed > 0 ? { timeout: failed } : {}), ...(notSent > 1 ? { 'not sent: too many in flight': notSent - 1 } : {}) },
    }),
  };
});

describe('windows of the API lane', () => {
  test('merge to the same analysis in any order', () => {
    const lines = fc.array(window.map(({ line }) => line), { minLength: 1, maxLength: 20 }).chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })));
    fc.assert(fc.property(lines, ([given, shuffled]) => {
      const [a, b] = [given, shuffled].map((all) => {
        const one = analyze(plan({ gates: [LATENCY] }), all);
        return { findings: one.findings, gates: judge(plan({ gates: [LATENCY, ERRORS, RATE] }), one).gates };
      });
      assert.deepEqual(a, b);
    }));
  });

  test('give percentiles whose bounds hold those of the raw samples', () => {
    fc.assert(fc.property(fc.array(window, { minLength: 1, maxLength: 20 }), fc.constantFrom('p50', 'p95', 'p99'), (all, stat) => {
      const api = createApi(plan());
      const raw = emptyLatency('api_latency', { route: 'all' }, 'ms', 'w');
      for (const { line, durationsMs, failed } of all) {
        const kept = { ...line, late: 0, scheduled: line.sent };
        api.add(kept);
        raw.values.push(...durationsMs);
        raw.censored += failed;
        raw.unmeasured += line.unfinished;
      }
      raw.values.sort((x, y) => x - y);
      const series = api.finish().series.get(seriesKey('api_latency', { route: 'all' }));
      assert.ok(series);
      const a = percentileOf(raw, stat, 0.95);
      const b = sketchPercentileOf(series.latency, stat, 0.95);
      assert.deepEqual([b.finding.n, b.finding.censored, b.beyondDeadline], [a.finding.n, a.finding.censored, a.beyondDeadline]);
      assert.ok((b.finding.interval?.low ?? -Infinity) <= (a.finding.interval?.low ?? -Infinity));
      assert.ok((b.finding.interval?.high ?? Infinity) >= (a.finding.interval?.high ?? Infinity));
    }));
  });

  test('never make a gate better by a failure more', () => {
    const rank = { pass: 2, inconclusive: 1, fail: 0, 'no-data': 1, error: 0 } as const;
    const failure = apiOf({ fromMs: 20_000, failed: { 'connection reset': 1 } });
    // Of a lane on time: that more requests make the share of late ones smaller is no matter of failures.
    const punctual = window.map(({ line }) => ({ ...line, late: 0, scheduled: line.sent }));
    fc.assert(fc.property(fc.array(punctual, { minLength: 1, maxLength: 12 }), (lines) => {
      const [before, after] = [judged(lines), judged([...lines, failure])];
      before.forEach((one, index) => {
        const other = after[index];
        assert.ok(other && (rank[other.status] <= rank[one.status]), `${one.metric}: ${one.status} became ${other?.status}`);
      });
    }));
  });
});

describe('gates on the API lane', () => {
  test('pass, fail and stay open by the interval of what was sent', () => {
    const cases: [name: string, windows: ApiObservation[], latency: string, errors: string, rate: string][] = [
      ['quick and whole', [apiOf({ durationsMs: many(500) })], 'pass', 'pass', 'pass'],
      ['slow', [apiOf({ durationsMs: many(500, 200) })], 'fail', 'pass', 'pass'],
      ['few', [apiOf({ durationsMs: many(20) })], 'inconclusive', 'inconclusive', 'inconclusive'],
      ['a tenth failed', [apiOf({ durationsMs: many(450), failed: { timeout: 50 } })], 'fail', 'fail', 'fail'],
      ['a tenth not taken on', [apiOf({ durationsMs: many(450), sent: 450, scheduled: 500, failed: { 'not sent: too many in flight': 50 } })],
        'inconclusive', 'inconclusive', 'fail'],
      ['a tenth not sent by the lane', [apiOf({ durationsMs: many(450), sent: 450, scheduled: 500 })], 'no-data', 'inconclusive', 'inconclusive'],
      ['the generator ran out of files', [apiOf({ durationsMs: many(495), failed: { 'too many open files': 5 } })], 'pass', 'inconclusive', 'inconclusive'],
      ['nothing', [], 'no-data', 'no-data', 'no-data'],
    ];
    for (const [name, windows, ...expected] of cases) assert.deepEqual(judged(windows).map(({ status }) => status), expected, name);
  });

  test('of a lane that was late for most of the time are open, and say so', () => {
    const late = apiOf({ durationsMs: many(500, 200), late: 100, maxLateMs: 80 });
    const [latency, errors] = judged([late, apiOf({ fromMs: 10_000, durationsMs: many(500) })]);
    assert.equal(latency?.status, 'inconclusive');
    assert.equal(latency?.hint, 'the API lane was late: 100 of 1000 requests left after more than 10 ms');
    assert.equal(errors?.status, 'pass', 'errors count whenever they are');
  });

  test('leave out the windows in which the lane was late, and name their share', () => {
    const good = Array.from({ length: 9 }, (_, index) => apiOf({ fromMs: index * 10_000, durationsMs: many(100) }));
    const lines = [...good, apiOf({ fromMs: 90_000, durationsMs: many(100, 3_000), late: 90 })];
    const whole = plan({ gates: [LATENCY] });
    const analysis = analyze(whole, lines);
    const [latency] = judge(whole, analysis).gates;
    assert.deepEqual([latency?.status, latency?.n], ['pass', 900]);
    assert.match(latency?.evidence.join() ?? '', /100 requests left out: the API lane was late: 90 of 1000/);
    const finding = analysis.findings.find(({ metric }) => metric === 'api_latency');
    assert.equal(finding?.window, 'whole run, 10 % left out (100 of 1000: the API lane was late)');
  });

  test('count the warm-up for rates and not for latency', () => {
    const lines = [apiOf({ phase: 'warm up', durationsMs: many(100, 900) }), apiOf({ fromMs: 10_000, durationsMs: many(100) })];
    const [latency, errors] = judged(lines, { warmUpPhases: ['warm up'] });
    assert.deepEqual([latency?.n, errors?.n], [100, 200]);
  });

  test('take requests under way at the end for neither success nor failure', () => {
    const windows = [apiOf({ durationsMs: many(90), unfinished: 10 })];
    const [latency, errors] = judged(windows);
    assert.equal(errors?.n, 90);
    assert.match(latency?.evidence.join() ?? '', /10 of 100 were not sent, had not ended when the run did, or were refused with status 429/);
    const late = analyze(plan(), windows).rates.get(seriesKey('api_late_sends', {}));
    assert.deepEqual(late && rateOf(late, 0.95).value, 0);
  });

  test('name what failed, by class and first of all', () => {
    const lines = [apiOf({ durationsMs: many(50), failed: { 'status 503': 40, timeout: 9 } })];
    assert.deepEqual(judged(lines)[1]?.evidence.slice(0, 2), ['49 of 99 failed: 40 status 503, 9 timeout', 'at 0 ms status 503: GET /a']);
  });
});
