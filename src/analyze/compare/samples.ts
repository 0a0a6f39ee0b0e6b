import type { SampledLatency } from '../../model/index.ts';
import { nearestRank } from '../order-bounds.ts';

/** A series ready to be held against another: ascending, censored samples as Infinity at its end. */
export interface Samples {
  values: Float64Array;
  /** Samples behind each value. */
  weights: Float64Array;
  /** The user of each value, from 0 to `userCount` − 1. */
  users: Int32Array;
  userCount: number;
  /** Samples, the censored with them. */
  n: number;
  censored: number;
  unmeasured: number;
  /** The shortest deadline among the censored. */
  deadlineMs: number | null;
}

/** Returns a recorded series in order, with its users numbered anew. */
export function samplesOf({ values, weights, users, censored, unmeasured, deadlineMs }: SampledLatency): Samples {
  const entries = [
    ...values.map((value, index) => ({ value, weight: weights?.[index] ?? 1, user: users[index] ?? 0 })),
    ...censored.map(([user, weight]) => ({ value: Infinity, weight, user })),
  ].sort((a, b) => a.value - b.value || a.user - b.user);
  const numbers = new Map<number, number>();
  for (const { user } of entries) if (!numbers.has(user)) numbers.set(user, numbers.size);
  const sum = (some: readonly { weight: number }[]): number => some.reduce((all, { weight }) => all + weight, 0);
  return {
    values: Float64Array.from(entries, ({ value }) => value),
    weights: Float64Array.from(entries, ({ weight }) => weight),
    users: Int32Array.from(entries, ({ user }) => numbers.get(user) ?? 0),
    userCount: numbers.size,
    n: sum(entries),
    censored: censored.reduce((all, [, times]) => all + times, 0),
    unmeasured,
    deadlineMs,
  };
}

/** Returns the nearest-rank p-quantile; Infinity where it lies beyond the deadline, null without samples. */
export function quantile({ values, weights, n }: Samples, p: number): number | null {
  if (n === 0) return null;
  const rank = nearestRank(n, p);
  let below = 0;
  for (let index = 0; index < values.length; index += 1) {
    below += weights[index] ?? 0;
    if (below >= rank) return values[index] ?? null;
  }
  return values.at(-1) ?? null;
}

/** Whether some user gave more than one sample: they resemble each other, and are no independent ones. */
export function isClustered({ n, userCount }: Samples): boolean {
  return n > userCount;
}
