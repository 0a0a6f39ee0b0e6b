import type { Gate } from '../model/index.ts';

/** Where a gate finds its series, and how its line is called. */
export interface GateTarget {
  metric: string;
  scope: Record<string, string>;
  /** `search page view › landing page`; slo.yml may give another title. */
  title: string;
  /** What one sample is, for hints. */
  sample: string;
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
  }
}
