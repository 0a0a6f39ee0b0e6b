import type { RequestObservation } from '../model/index.ts';
import { RATE_LIMITED, REFUSED_CLASS, TOO_MANY_REQUESTS } from './rate-limited.ts';
import { addFailure } from './series.ts';
import type { Failure, RateSeries } from './series.ts';

/** `refused`: with status 429, which is neither of the others. */
export type RequestFate = 'answered' | 'refused' | 'failed';

/** Counts the requests of browsers into rates. */
export interface RequestRates {
  /** Returns what became of it. */
  add(one: RequestObservation, failure: Failure): RequestFate;
  /** A user came to a bad end. */
  userFailed(vu: string | null): void;
  /** Returns how many of those had been refused, as a sentence; null for none. */
  note(): string | null;
}

export function createRequestRates(rateOf: (metric: string, scope: Record<string, string>) => RateSeries): RequestRates {
  const refusedUsers = new Set<string>();
  const failedUsers = new Set<string>();
  return {
    add(one, failure) {
      const fate = fateOf(one);
      const refusals = rateOf(RATE_LIMITED, {});
      refusals.n += 1;
      if (fate === 'refused') {
        refusals.events += 1;
        addFailure(refusals.failures, failure);
        if (one.vu !== null) refusedUsers.add(one.vu);
      }
      for (const scope of [{}, { route: `${one.method} ${one.route}` }]) {
        const series = rateOf('request_error_rate', scope);
        if (fate === 'refused') series.unknown += 1;
        else series.n += 1;
        if (fate !== 'failed') continue;
        series.events += 1;
        addFailure(series.failures, failure);
      }
      return fate;
    },
    userFailed: (vu) => void (vu !== null && failedUsers.add(vu)),
    note() {
      const both = [...failedUsers].filter((vu) => refusedUsers.has(vu)).length;
      return both === 0 ? null : `${both} of those that failed had been refused with ${REFUSED_CLASS}`;
    },
  };
}

function fateOf({ status }: RequestObservation): RequestFate {
  if (status === TOO_MANY_REQUESTS) return 'refused';
  return status === null || status >= 400 ? 'failed' : 'answered';
}
