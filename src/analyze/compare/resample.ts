import { nearestRank } from '../order-bounds.ts';
import type { Samples } from './samples.ts';

/** So many values are walked through for one interval or one test, so that a run of days is compared in seconds. */
const MOST_WALKED = 4e7;
const RESAMPLES = { least: 400, most: 1_000 };
/** Ten thousand: a p that still says something when it is corrected for a hundred rows. */
const PERMUTATIONS = { least: 999, most: 9_999 };
/** Fewer do where it is known already that the two differ: another test said so with a p below it. */
const KNOWN_BELOW = 0.0001;
/** A test ends once so many permutations gave as much: its p is known well enough then (Besag and Clifford 1991). */
const ENOUGH_AS_MUCH = 50;

/** Numbers in [0, 1). Passed in, so that the same two runs always give the same answer. */
export type Random = () => number;

function times({ least, most }: { least: number; most: number }, entries: number): number {
  return Math.round(Math.min(most, Math.max(least, MOST_WALKED / Math.max(1, entries))));
}

/**
 * Returns the bounds of the shift of a p-quantile from A to B, each at `confidence`, by a bootstrap of whole users (percentiles of
 * its distribution). Null where the bound lies beyond a deadline.
 */
export function bootstrapShift(a: Samples, b: Samples, p: number, confidence: number, random: Random): { low: number | null; high: number | null } {
  const [drawA, drawB] = [drawer(a, p, random), drawer(b, p, random)];
  const rounds = times(RESAMPLES, a.values.length + b.values.length);
  const shifts = Array.from({ length: rounds }, () => difference(drawA(), drawB())).sort((one, other) => one - other);
  const at = (share: number): number | null => finite(shifts[nearestRank(shifts.length, share) - 1]);
  return { low: at(1 - confidence), high: at(confidence) };
}

/** Returns a function that draws as many users as there are, with replacement, and returns the p-quantile of all their samples. */
function drawer(side: Samples, p: number, random: Random): () => number {
  const { values, weights, users, userCount } = side;
  const ofUser = samplesOfUsers(side);
  const drawn = new Float64Array(userCount);
  return () => {
    drawn.fill(0);
    let all = 0;
    for (let pick = 0; pick < userCount; pick += 1) {
      const user = Math.floor(random() * userCount);
      drawn[user] = (drawn[user] ?? 0) + 1;
      all += ofUser[user] ?? 0;
    }
    const rank = nearestRank(all, p);
    let below = 0;
    let index = -1;
    while (below < rank) {
      index += 1;
      below += (weights[index] ?? 0) * (drawn[users[index] ?? 0] ?? 0);
    }
    return values[index] ?? 0;
  };
}

/** Returns how many samples each user has. */
function samplesOfUsers({ weights, users, userCount }: Samples): Float64Array {
  const ofUser = new Float64Array(userCount);
  users.forEach((user, index) => {
    ofUser[user] = (ofUser[user] ?? 0) + (weights[index] ?? 0);
  });
  return ofUser;
}

/**
 * Returns how often, were there no difference between the runs, the p-quantiles would differ by as much as they do: users are dealt
 * to the two anew. Two-sided, and exact but for the number of rounds. `knownP` is what another test said.
 */
export function permutationP(a: Samples, b: Samples, p: number, knownP: number, random: Random): number {
  const pool = merged(a, b);
  const observed = Math.abs(pooledShift(pool, pool.side, p));
  const side = pool.side.slice();
  let asMuch = 0;
  let rounds = 0;
  const most = knownP < KNOWN_BELOW ? PERMUTATIONS.least : times(PERMUTATIONS, pool.values.length);
  while (rounds < most && asMuch < ENOUGH_AS_MUCH) {
    shuffle(side, random);
    if (Math.abs(pooledShift(pool, side, p)) >= observed) asMuch += 1;
    rounds += 1;
  }
  return asMuch >= ENOUGH_AS_MUCH ? asMuch / rounds : (asMuch + 1) / (rounds + 1);
}

interface Pool {
  values: Float64Array;
  weights: Float64Array;
  users: Int32Array;
  /** Samples of each user. */
  ofUser: Float64Array;
  /** Whose each user is: 0 for A, 1 for B. */
  side: Uint8Array;
}

function merged(a: Samples, b: Samples): Pool {
  const size = a.values.length + b.values.length;
  const pool: Pool = {
    values: new Float64Array(size), weights: new Float64Array(size), users: new Int32Array(size),
    ofUser: Float64Array.from([...samplesOfUsers(a), ...samplesOfUsers(b)]),
    side: Uint8Array.from({ length: a.userCount + b.userCount }, (_, user) => (user < a.userCount ? 0 : 1)),
  };
  let inA = 0;
  let inB = 0;
  for (let index = 0; index < size; index += 1) {
    const fromA = inB >= b.values.length || (inA < a.values.length && (a.values[inA] ?? 0) <= (b.values[inB] ?? 0));
    const [from, at, offset] = fromA ? ([a, inA, 0] as const) : ([b, inB, a.userCount] as const);
    if (fromA) inA += 1;
    else inB += 1;
    const user = (from.users[at] ?? 0) + offset;
    pool.values[index] = from.values[at] ?? 0;
    pool.weights[index] = from.weights[at] ?? 0;
    pool.users[index] = user;
  }
  return pool;
}

/** The shift of the p-quantile between the users of either side; both are found in one walk. */
function pooledShift({ values, weights, users, ofUser }: Pool, side: Uint8Array, p: number): number {
  let allA = 0;
  let allB = 0;
  for (let user = 0; user < side.length; user += 1) {
    if (side[user] === 0) allA += ofUser[user] ?? 0;
    else allB += ofUser[user] ?? 0;
  }
  const rankA = nearestRank(allA, p);
  const rankB = nearestRank(allB, p);
  let belowA = 0;
  let belowB = 0;
  let inA = -1;
  let inB = -1;
  for (let index = 0; index < values.length && (inA < 0 || inB < 0); index += 1) {
    if (side[users[index] ?? 0] === 0) {
      belowA += weights[index] ?? 0;
      if (inA < 0 && belowA >= rankA) inA = index;
    } else {
      belowB += weights[index] ?? 0;
      if (inB < 0 && belowB >= rankB) inB = index;
    }
  }
  return difference(values[inA] ?? 0, values[inB] ?? 0);
}

/** Fisher and Yates. */
function shuffle(side: Uint8Array, random: Random): void {
  for (let last = side.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const kept = side[last] ?? 0;
    side[last] = side[other] ?? 0;
    side[other] = kept;
  }
}

/** Both beyond their deadline differ by nothing that is known. */
function difference(a: number, b: number): number {
  return a === b ? 0 : b - a;
}

function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}
