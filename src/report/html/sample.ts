/** A run with something of everything, for tests of the page: made by formula, so that it is the same everywhere. */
import type { Distribution, Panel, Plan, RunRecord, Story } from '../../model/index.ts';

const SLOTS = 60;
const SLOT_MS = 10_000;

function wave(at: number, level: number, swing: number): number {
  return Number((level + swing * Math.sin(at / 5) + swing * 0.6 * Math.sin(at * 1.7)).toFixed(2));
}

/** A track with a gap in the middle, and one value alone within it. */
function track(id: string, level: number, swing: number, title = id): Panel['tracks'][number] {
  const values = Array.from({ length: SLOTS }, (_, at) => (at > 27 && at < 33 && at !== 30 ? null : Math.max(0, wave(at, level, swing))));
  return { id, title, values, n: values.map((value) => (value === null ? 0 : 12)) };
}

function panel(id: Panel['id'], title: string, unit: string, tracks: Panel['tracks'], kpi: string | null = null): Panel {
  return { id, kpi, title, unit, tracks };
}

function distribution(title: string, metric: string, scope: Record<string, string>, censored = 0): Distribution {
  const bins = Array.from({ length: 16 }, (_, at) => ({ from: 40 * 1.25 ** at, to: 40 * 1.25 ** (at + 1), count: Math.round(60 * Math.exp(-((at - 5) ** 2) / 6)) }));
  return { metric, scope, title, unit: 'ms', n: bins.reduce((sum, { count }) => sum + count, 0), censored, deadlineMs: 15_000, p50: 128, p95: 260, bins };
}

/** Returns a story; every name in it is the given text where one is given. */
export function sampleStory(name?: string): Story {
  const called = (usual: string): string => name ?? usual;
  const step = (at: number, p50Ms: number | null): Story['waterfalls'][number]['steps'][number] => ({
    step: called(`step ${at}`), clock: at === 3 ? 'driver' : 'page', n: 40, failed: at === 2 ? 3 : 0, p50Ms, p95Ms: p50Ms === null ? null : p50Ms * 1.7,
    parts: at === 3 || p50Ms === null ? null : { n: 38, serverMs: p50Ms * 0.6, networkMs: p50Ms * 0.1, renderMs: p50Ms * 0.3 },
    slowest: at === 1 ? { journey: called('escrow checkout'), step: called('step 1'), n: 38, slowest: 10, serverShare: 0.7, networkShare: 0.1, renderShare: 0.15, generatorShare: 0.02, request: called('POST /api/v1/payments/escrow/lock') } : null,
  });
  return {
    slotMs: SLOT_MS, slots: SLOTS,
    phases: [{ name: called('warm up'), fromMs: 0, toMs: 60_000 }, { name: called('steady'), fromMs: 60_000, toMs: 360_000 }, { name: called('payments-down'), fromMs: 360_000, toMs: 600_000 }],
    faults: [{ name: called('payments-down'), fromMs: 400_000, toMs: 460_000 }],
    panels: [
      panel('perceived', 'Perceived latency', 'ms', [track('p50', 120, 20), track('p95', 260, 60)]),
      panel('journeys', 'Journeys', '/s', [track('passed', 1.6, 0.3), track('failed', 0.05, 0.05)]),
      panel('users', 'Active users', 'users', [track('users', 12, 4)]),
      panel('errors', 'Errors', '%', [track('journeys', 1, 1), track('requests', 0.2, 0.1)]),
      panel('canary', 'Canary over the idle machine', 'ms', [track('observer', 3, 2), track('crowd', 30, 12)]),
      panel('generator-cpu', 'Generator processor', '%', [track('cpu', 62, 12), track('pressure', 14, 6)]),
      panel('target', called('web requests'), '1/s', [track('qps-web', 40, 9)], 'qps-web'),
    ],
    breakers: [{ dependency: called('payments'), changes: [
      { tMs: 1_000, state: 'closed' }, { tMs: 403_000, state: 'open' }, { tMs: 466_000, state: 'half-open' }, { tMs: 470_000, state: 'closed' }, { tMs: 580_000, state: 'unknown' },
    ] }],
    waterfalls: [{ journey: called('escrow checkout'), users: 43, failed: 3, steps: [step(1, 77), step(2, 56), step(3, 140), step(4, null)] }],
    distributions: [distribution(called('escrow checkout › open checkout'), 'perceived_latency', { journey: 'escrow checkout', step: 'open checkout' }, 2)],
    temperatures: [{ what: called('agent task until complete'), unit: 'ms', cold: distribution(called('cold'), 'agent_completion', {}), warm: distribution(called('warm'), 'agent_completion', {}) }],
    failures: [{ journey: called('escrow checkout'), step: called('pay into escrow'), code: called('J_STEP_TIMEOUT'), message: called('not visible in 15 s'), tMs: 410_000, times: 3, screenshot: name ?? 'failures/1-pay.png', trace: name ?? 'failures/1-pay.zip' }],
  };
}

/** What replayed traffic met, with a group that nothing is known of. */
function replayOf(called: (usual: string) => string): NonNullable<RunRecord['replay']> {
  const times = (ms: number | null) => ({ p50Ms: ms, p75Ms: ms === null ? null : ms * 2, p95Ms: ms === null ? null : ms * 5 });
  return {
    groups: [
      { by: 'person', group: 'first', latency: { n: 40, failed: 2, ...times(60) }, generation: { n: 40, ...times(0.4) }, cacheHitShare: 0.93, cacheKnown: 40 },
      { by: 'crawler', group: 'tail', latency: { n: 0, failed: 0, ...times(null) }, generation: { n: 0, ...times(null) }, cacheHitShare: null, cacheKnown: 0 },
    ],
    vitals: [
      { page: called('/find/:slug'), name: 'LCP', p75: 2_600, n: 40, rating: 'needs improvement' },
      { page: called('/find/:slug'), name: 'CLS', p75: null, n: 0, rating: null },
    ],
    played: {
      people: 42, crawlers: 1_204, late: 3, neverSent: 1,
      lateness: {
        person: { n: 42, late: 0, toleranceMs: 100, p50Ms: 8, p95Ms: 60, maxMs: 90 },
        crawler: { n: 1_204, late: 3, toleranceMs: 10, p50Ms: 0.1, p95Ms: 0.4, maxMs: 31 },
      },
    },
  };
}

/** Returns the record with drills; every name in it is the given text where one is given. */
export function withDrills(record: RunRecord, name?: string): RunRecord {
  const called = (usual: string): string => name ?? usual;
  const plan: Plan = { ...record.plan, profile: called(record.plan.profile), journeys: record.plan.journeys.map((one) => ({ ...one, name: called(one.name) })),
    replay: {
      source: called('fixtures/traffic/search.ndjson.gz'), sourceHash: '0', synthetic: true, speed: 2, fromMs: 0, routes: ['/find/:slug'], phases: [called('steady')],
      spike: { kind: 'burst', phase: called('steady'), requestsPerSecond: 60, slugs: 3, people: 0 }, hotShare: 0.5, longestPauseMs: 60_000, timeoutMs: 10_000,
      expected: { people: 43, crawlers: 1_204, leftOut: 12 }, pages: { hot: 9, tail: 51 }, load: [],
    } };
  return {
    ...record, plan, replay: replayOf(called),
    drills: [{
      name: called('payments-down'), title: called('Payment provider, total outage'), hypothesis: called('Nobody is turned away or charged twice.'), verdict: 'pass',
      reason: called('all that was expected came'), opensAfterS: 2.9, closesAfterS: 8.1, recoversAfterS: 4, integrityBreaches: 0,
      journeys: [{ journey: called('escrow checkout'), n: 36, unaffected: 31, degraded: 5, failed: 0, messages: [called('Your payment is being confirmed')] }],
      timeline: [{ tMs: 400_000, event: called('fault in') }, { tMs: 403_000, event: called('breaker open') }, { tMs: 460_000, event: called('fault out') }],
    }],
    verdict: { ...record.verdict, gates: record.verdict.gates.map((gate) => ({ ...gate, title: called(gate.title), evidence: gate.evidence.map(called), hint: gate.hint === null ? null : called(gate.hint) })) },
  };
}
