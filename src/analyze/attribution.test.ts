import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { planOf, stepOf } from '../golden/samples.ts';
import type { Attribution, Gate, Observation, StepAttribution } from '../model/index.ts';
import { judge } from '../verdict/decide.ts';
import { analyze } from './analyze.ts';
import { createAttributions } from './attribution.ts';

const parts = (serverMs: number, networkMs: number, renderMs: number, slowestRequest: string | null = 'GET /a'): Attribution =>
  ({ serverMs, networkMs, renderMs, slowestRequest });
function stepWith(attribution: Attribution, changes: object = {}): Observation {
  const perceivedMs = attribution.serverMs + attribution.networkMs + attribution.renderMs;
  return stepOf({ perceivedMs, attribution, ...changes });
}

function attributed(steps: Observation[], generatorMs: number | null = null, plan = planOf()): StepAttribution[] {
  const gathered = createAttributions(plan);
  for (const step of steps) gathered.add(step);
  return gathered.finish(() => true, generatorMs);
}

test('the slowest quarter speaks, not the fast majority', () => {
  const fast = Array.from({ length: 9 }, () => stepWith(parts(10, 10, 80, 'GET /fast')));
  const slow = Array.from({ length: 3 }, () => stepWith(parts(800, 100, 100, 'POST /slow')));
  assert.deepEqual(attributed([...fast, ...slow]), [{
    journey: 'signup', step: 'submit signup', n: 12, slowest: 3,
    serverShare: 0.8, networkShare: 0.1, renderShare: 0.1, generatorShare: null, request: 'POST /slow',
  }]);
});

test('the shares of two samples are between them, so that they still sum to the whole', () => {
  const some = [parts(900, 50, 50), parts(100, 700, 190), ...Array.from({ length: 6 }, () => stepWith(parts(1, 1, 1)))];
  const [one] = attributed(some.map((step) => ('kind' in step ? step : stepWith(step))));
  assert.equal(one?.slowest, 2);
  assert.ok(Math.abs(one.serverShare + one.networkShare + one.renderShare - 1) < 1e-3);
});

test('what the generator added is taken out of rendering, and no more than there is', () => {
  const [some] = attributed([stepWith(parts(50, 0, 50))], 20);
  assert.deepEqual([some?.serverShare, some?.renderShare, some?.generatorShare], [0.5, 0.3, 0.2]);
  const [all] = attributed([stepWith(parts(50, 0, 50))], 900);
  assert.deepEqual([all?.renderShare, all?.generatorShare], [0, 0.5]);
  // A canary that was faster than on the idle machine added nothing.
  assert.equal(attributed([stepWith(parts(50, 0, 50))], -3)[0]?.generatorShare, 0);
});

test('failed, unmeasured and warm-up steps, and those of the crowd, say nothing', () => {
  const plan = planOf({ warmUpPhases: ['warm up'] });
  const one = parts(1, 1, 1);
  assert.deepEqual(attributed([
    stepWith(one, { role: 'crowd' }), stepWith(one, { phase: 'warm up' }), stepWith(one, { outcome: 'failed', perceivedMs: null }),
    stepOf({ perceivedMs: 100 }), stepWith(parts(0, 0, 0)),
  ], null, plan), []);
});

test('the order of observations does not matter', () => {
  const step = fc.tuple(fc.nat(500), fc.nat(500), fc.nat(500), fc.constantFrom('GET /a', 'GET /b', null), fc.nat(10_000))
    .map(([a, b, c, name, tMs]) => stepWith(parts(a, b, c, name), { tMs }));
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const distinct = steps.filter((one, index) => steps.findIndex((other) => other.tMs === one.tMs) === index);
    assert.deepEqual(attributed(distinct.toReversed(), 5), attributed(distinct, 5));
  }));
});

describe('a gate that fails, or has less than a fifth of its limit in hand, names the largest part', () => {
  const hintOf = (max: number, one: Attribution, count = 20): string | null => {
    const gate: Gate = { id: 'g', metric: 'perceived_latency', journey: 'signup', step: 'submit signup', stat: 'p75', unit: 'ms', max, source: 't' };
    const plan = planOf({ gates: [gate] });
    return judge(plan, analyze(plan, Array.from({ length: count }, () => stepWith(one)))).gates[0]?.hint ?? null;
  };
  const server = parts(780, 120, 100, 'POST /api/v1/payments/escrow/lock');
  const cases: [string, number, Attribution, number, string | null][] = [
    ['failed', 800, server, 20, 'server 78 %: POST …/escrow/lock'],
    ['passed, near', 1_200, server, 20, 'server 78 %: POST …/escrow/lock'],
    ['passed, with room', 1_300, server, 20, null],
    ['open for want of samples', 1_100, server, 8, 'needs 3 more samples; server 78 %: POST …/escrow/lock'],
    ['the network', 100, parts(100, 700, 200, 'GET /big'), 20, 'network 70 %: GET /big'],
    ['the page', 100, parts(100, 200, 700, 'GET /big'), 20, 'rendering and script 70 %'],
    ['no request at all', 100, parts(0, 0, 300, null), 20, 'rendering and script 100 %'],
  ];
  for (const [title, max, one, count, hint] of cases) test(title, () => assert.equal(hintOf(max, one, count), hint));
});
