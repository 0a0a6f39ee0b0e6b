/**
 * Returns milliseconds on the machine's monotonic clock: the same in every thread of a run, and untouched when somebody
 * (a person, NTP, a resumed virtual machine) sets the wall clock.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Returns a clock that tells the milliseconds since a moment of the monotonic clock; never below zero. */
export function clockSince(startedAtMonotonicMs: number): () => number {
  return () => Math.max(0, monotonicMs() - startedAtMonotonicMs);
}
