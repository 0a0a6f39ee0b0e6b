import { ALL_ROUTES } from '../analyze/api.ts';
import type { DrillGate, Gate, ReplayGroup } from '../model/index.ts';

/** Where a gate finds its series, and how its line is called. */
export interface GateTarget {
  metric: string;
  scope: Record<string, string>;
  /** `search page view › landing page`; slo.yml may give another title. */
  title: string;
  /** What one sample is, for hints. */
  sample: string;
}

/** What a drill's expectation is called; a journey's is by the journey. */
const DRILL_TITLES: Record<DrillGate['expect'], string> = {
  'breaker opens': 'breaker opens after', 'breaker closes': 'breaker closes after', 'answers': 'unanswered or late', 'recovers': 'P95 back after',
  'requests': 'requests after the fault', 'journey': 'users',
};

type ReplayGate = Extract<Gate, { group: ReplayGroup }>;

const REPLAY_SUBJECTS = { person: 'people', crawler: 'crawlers', both: 'search pages' } as const;
const REPLAY_PAGES: Record<ReplayGroup, string> = {
  all: 'all pages', hot: 'hot pages', tail: 'long tail', first: 'asked for first', again: 'asked for again', revisit: 'revisited',
};
const REPLAY_WHAT: Record<ReplayGate['metric'], string> = {
  replay_latency: '', replay_generation: 'made', replay_cache_hits: 'from the cache', replay_error_rate: 'errors',
};

function replayScope({ by, group }: ReplayGate): Record<string, string> {
  return { group, ...(by === undefined ? {} : { by }) };
}

function replayTitle({ metric, group }: ReplayGate): string {
  return [REPLAY_PAGES[group], REPLAY_WHAT[metric]].filter((part) => part !== '').join(' ');
}

/** Returns what a gate looks at. One entry a kind of gate; the compiler misses none. */
export function targetOf(gate: Gate): GateTarget {
  const { metric } = gate;
  switch (metric) {
    case 'perceived_latency':
      return {
        metric,
        scope: { journey: gate.journey, step: gate.step },
        title: `${gate.journey} › ${gate.step}`,
        sample: 'observed step',
      };
    case 'vital':
      return {
        metric,
        scope: { vital: gate.vital, ...(gate.page === undefined ? {} : { page: gate.page }) },
        title: `${gate.vital} › ${gate.page ?? 'all pages'}`,
        sample: 'page view',
      };
    case 'agent_completion':
      return { metric, scope: {}, title: 'agent › task complete', sample: 'agent task' };
    case 'agent_first_progress':
      return { metric, scope: {}, title: 'agent › first progress', sample: 'agent task' };
    case 'agent_success_rate':
      return { metric, scope: {}, title: 'agent › tasks done', sample: 'agent task' };
    case 'cold_start_incidence':
      return { metric, scope: { service: gate.service }, title: `${gate.service} › cold starts`, sample: 'use' };
    case 'cold_start_penalty':
      return {
        metric,
        scope: { service: gate.service },
        title: `${gate.service} › longest cold start`,
        sample: 'cold start',
      };
    case 'request_latency': {
      const group = { api: 'requests › API', document: 'requests › documents' }[gate.route];
      return { metric, scope: { route: gate.route }, title: group ?? gate.route, sample: 'request' };
    }
    case 'request_error_rate':
      return gate.route === undefined
        ? { metric, scope: {}, title: 'requests › errors', sample: 'request' }
        : { metric, scope: { route: gate.route }, title: `${gate.route} › errors`, sample: 'request' };
    case 'journey_error_rate':
      return gate.journey === undefined
        ? { metric, scope: {}, title: 'journeys › errors', sample: 'user' }
        : { metric, scope: { journey: gate.journey }, title: `${gate.journey} › errors`, sample: 'user' };
    case 'api_latency':
      return {
        metric, scope: { route: gate.route }, title: gate.route === ALL_ROUTES ? 'API › all routes' : gate.route, sample: 'request of the API lane',
      };
    case 'api_error_rate':
      return gate.route === undefined
        ? { metric, scope: {}, title: 'API › errors', sample: 'request of the API lane' }
        : { metric, scope: { route: gate.route }, title: `${gate.route} › errors`, sample: 'request of the API lane' };
    case 'api_throughput':
      return gate.scenario === undefined
        ? { metric, scope: {}, title: 'API › answered of those due', sample: 'request of the API lane' }
        : { metric, scope: { scenario: gate.scenario }, title: `${gate.scenario} › answered of those due`, sample: 'request of the API lane' };
    case 'capacity_headroom':
      return { metric, scope: {}, title: 'capacity › over the expected peak', sample: 'level of load' };
    case 'recovery_time':
      return { metric, scope: {}, title: 'spike › recovered after', sample: 'window after the spike' };
    case 'latency_drift':
      return {
        metric, scope: gate.route === undefined ? {} : { route: gate.route },
        title: `${gate.route ?? 'API'} › drift over the run`, sample: 'window of steady load',
      };
    case 'kpi':
      return { metric, scope: { kpi: gate.kpi }, title: gate.kpi, sample: 'value' };
    case 'kpi_growth':
      return { metric, scope: { kpi: gate.kpi }, title: `${gate.kpi} › growth an hour`, sample: 'value' };
    case 'integrity':
      return { metric, scope: { breach: gate.breach }, title: `payments › ${gate.breach.replaceAll('_', ' ')}`, sample: 'payment' };
    case 'drill':
      return {
        metric, scope: { drill: gate.drill, expect: gate.expect, ...(gate.journey === undefined ? {} : { journey: gate.journey }) },
        title: `${gate.drill} › ${gate.journey ?? DRILL_TITLES[gate.expect]}`, sample: gate.unit === 'users' ? 'user in the fault' : 'turn of the drill',
      };
    case 'rate_limited':
      return { metric, scope: {}, title: 'requests › refused with 429', sample: 'request' };
    case 'replay_latency':
    case 'replay_generation':
    case 'replay_cache_hits':
    case 'replay_error_rate':
      return {
        metric, scope: replayScope(gate), title: `${REPLAY_SUBJECTS[gate.by ?? 'both']} › ${replayTitle(gate)}`, sample: 'replayed page',
      };
    case 'cost':
      return { metric, scope: { per: gate.per }, title: `cost › a ${gate.per}`, sample: 'cost' };
  }
}
