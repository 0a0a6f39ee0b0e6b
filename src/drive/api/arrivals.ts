/** A rate of arrivals that moves evenly from one value to another over a time; the same value twice is a constant rate. */
export interface Rate {
  fromPerSecond: number;
  toPerSecond: number;
  durationMs: number;
}

/** Returns how many arrivals are due in the first `elapsedMs` of a rate, as a fraction: the area under it. */
export function dueBy({ fromPerSecond, toPerSecond, durationMs }: Rate, elapsedMs: number): number {
  const seconds = Math.min(Math.max(0, elapsedMs), durationMs) / 1_000;
  const slope = durationMs === 0 ? 0 : ((toPerSecond - fromPerSecond) * 1_000) / durationMs;
  return fromPerSecond * seconds + (slope * seconds * seconds) / 2;
}

/**
 * Yields when arrivals are due, in milliseconds from the start of a rate, each below its duration. Evenly: the arrival
 * number i when i + ½ are due by the area under the rate, so that a constant rate has equal gaps. With `random`, a Poisson
 * process of that rate (exponential gaps on the same scale). `owed` is the part of an arrival that rates before this one
 * left over, so that many short phases together still make their whole number.
 */
export function* sendTimes(rate: Rate, random: (() => number) | null, owed = 0): Generator<number, void> {
  const total = dueBy(rate, rate.durationMs);
  for (let due = random ? gap(random) : 0.5 - owed; due < total; due += random ? gap(random) : 1) {
    const atMs = reached(rate, Math.max(0, due));
    if (atMs >= rate.durationMs) return;
    yield atMs;
  }
}

/** An exponential gap of mean 1; 1 − u is never 0, so that it is finite. */
function gap(random: () => number): number {
  return -Math.log(1 - random());
}

/**
 * Returns after how many milliseconds `due` arrivals are due: the inverse of `dueBy`. The root in the form that divides by a
 * sum loses no digits when the slope is near zero, and is right for a constant rate as it stands.
 */
function reached({ fromPerSecond, toPerSecond, durationMs }: Rate, due: number): number {
  const slope = ((toPerSecond - fromPerSecond) * 1_000) / durationMs;
  const root = Math.sqrt(Math.max(0, fromPerSecond * fromPerSecond + 2 * slope * due));
  return due === 0 ? 0 : (2_000 * due) / (fromPerSecond + root);
}

/** Part of the golden ratio: its multiples modulo 1 fill the unit interval as evenly as any sequence can. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Returns which of some weighted choices the arrival of a number (from 0) takes. Not at random: every stretch of arrivals has
 * the shares of the weights to within a few, and threads that take every n-th number share one sequence.
 */
export function createMix(weights: readonly number[], start: number): (arrival: number) => number {
  let sum = 0;
  const ends = weights.map((weight) => (sum += weight));
  return (arrival) => {
    const point = ((start + arrival * GOLDEN) % 1) * sum;
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (point < (ends[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
