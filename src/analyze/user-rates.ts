import type { Outcome, Role } from '../model/index.ts';
import { addFailure } from './series.ts';
import type { Failure, RateSeries } from './series.ts';
import type { Span } from './windowed.ts';

/** What one user, or one of its tasks, adds to rates. */
export interface Trial {
  series: RateSeries[];
  role: Role;
  span: Span;
  outcome: Outcome;
  isEvent: boolean;
  /** Kept as evidence; null for a success. */
  failure: Failure | null;
}

export interface UserRates {
  add(trial: Trial): void;
  /** Counts the timeouts, once it is known when whose browser was starved. */
  settle(starved: (role: Role, span: Span) => boolean): void;
}

/**
 * Counts users into rates. The crowd runs at the lowest priority, so when others take the processor it is the crowd that
 * does not get done: a timeout then is no word about the application. It is no success either: it could be both.
 */
export function createUserRates(): UserRates {
  const late: Trial[] = [];
  const apply = ({ series, isEvent, failure }: Trial): void => {
    for (const one of series) {
      one.n += 1;
      if (isEvent) one.events += 1;
      if (failure !== null) addFailure(one.failures, failure);
    }
  };
  return {
    add(trial) {
      if (trial.outcome === 'timeout') late.push(trial);
      else apply(trial);
    },
    settle(starved) {
      const doubtful = new Map<RateSeries, number>();
      for (const trial of late) {
        if (!starved(trial.role, trial.span)) {
          apply(trial);
          continue;
        }
        for (const one of trial.series) {
          one.unknown += 1;
          doubtful.set(one, (doubtful.get(one) ?? 0) + 1);
        }
      }
      for (const [one, count] of doubtful) {
        one.notes.push(`${count} timed out while the generator starved their browser, which could be why`);
      }
    },
  };
}
