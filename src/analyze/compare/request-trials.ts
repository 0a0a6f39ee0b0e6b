import type { RequestObservation, SampledRun } from '../../model/index.ts';
import { RATE_LIMITED, TOO_MANY_REQUESTS } from '../rate-limited.ts';
import { seriesKey } from '../series.ts';

export type DesignEffect = SampledRun['designEffects'][number];

/** Trials of one user, or of one stretch of the API lane's time. */
interface Cluster {
  events: number;
  n: number;
}

interface Trials {
  metric: string;
  scope: Record<string, string>;
  clusters: Map<string, Cluster>;
}

/** Counts the requests behind rates by their user: those of one user resemble each other, and are no independent trials. */
export interface RequestTrials {
  addRequest(one: RequestObservation): void;
  add(metric: string, scope: Record<string, string>, cluster: string, events: number, n: number): void;
  /** Returns the design effect of every rate of which one is known. */
  finish(): DesignEffect[];
}

export function createRequestTrials(): RequestTrials {
  const all = new Map<string, Trials>();
  let nobodies = 0;
  const add: RequestTrials['add'] = (metric, scope, cluster, events, n) => {
    const key = seriesKey(metric, scope);
    const trials = all.get(key) ?? { metric, scope, clusters: new Map<string, Cluster>() };
    all.set(key, trials);
    const known = trials.clusters.get(cluster) ?? { events: 0, n: 0 };
    known.events += events;
    known.n += n;
    trials.clusters.set(cluster, known);
  };
  return {
    add,
    addRequest({ vu, method, route, status }) {
      const user = vu ?? `\0${nobodies += 1}`;
      const refused = status === TOO_MANY_REQUESTS;
      add(RATE_LIMITED, {}, user, refused ? 1 : 0, 1);
      if (refused) return;
      const failed = status === null || status >= 400 ? 1 : 0;
      add('request_error_rate', {}, user, failed, 1);
      add('request_error_rate', { route: `${method} ${route}` }, user, failed, 1);
    },
    finish: () => [...all.values()].flatMap(({ metric, scope, clusters }) => {
      const value = designEffect([...clusters.values()]);
      return value === null ? [] : [{ metric, scope, value }];
    }),
  };
}

/**
 * Returns by how much a rate's variance is larger than of independent trials, 1 at least (Rao and Scott 1992, "A simple method
 * for the analysis of clustered binary data"); null where nothing is known of it: one cluster, no event, or nothing but events.
 */
export function designEffect(clusters: readonly Cluster[]): number | null {
  const used = clusters.filter(({ n }) => n > 0);
  const n = used.reduce((sum, one) => sum + one.n, 0);
  const events = used.reduce((sum, one) => sum + one.events, 0);
  if (used.length < 2 || events === 0 || events === n) return null;
  const share = events / n;
  const squares = used.reduce((sum, one) => sum + (one.events - share * one.n) ** 2, 0);
  const variance = ((used.length / (used.length - 1)) * squares) / (n * n);
  return Math.max(1, variance / ((share * (1 - share)) / n));
}
