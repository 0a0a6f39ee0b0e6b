import type { GateResult } from '../../model/index.ts';

/** Where a gate's figures lie, as multiples of its limit, so that 1 is the limit of every gate and less is better. */
export interface GateScale {
  /** Null where nothing was observed. */
  at: number | null;
  /** Ends that are null are open. Null without an interval. */
  interval: { low: number | null; high: number | null } | null;
  /** The observed value lies somewhere beyond `at`. */
  beyond: boolean;
}

/**
 * Returns a gate on the scale of its limit, or null where there is none: a limit of zero has no multiples. A least share is turned
 * round, into what is missing over what may be missing (99.9 % of at least 99 % is 0.1); any other least into limit over observed.
 */
export function gateScale({ limit, unit, observed, observedAbove, interval }: GateResult): GateScale | null {
  const isShare = limit.kind === 'min' && unit === '%';
  if (isShare ? limit.value >= 100 : limit.value <= 0) return null;
  const of = (value: number): number => {
    if (limit.kind === 'max') return value / limit.value;
    if (isShare) return (100 - value) / (100 - limit.value);
    return value <= 0 ? Infinity : limit.value / value;
  };
  const orNull = (value: number | null): number | null => (value === null ? null : of(value));
  const turned = limit.kind === 'min';
  const ends = interval === null ? null : { low: orNull(turned ? interval.high : interval.low), high: orNull(turned ? interval.low : interval.high) };
  return { at: orNull(observed ?? observedAbove), interval: ends, beyond: observed === null && observedAbove !== null };
}
