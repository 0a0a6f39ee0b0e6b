/** What B's value is where it is above and below A's. */
export interface Direction {
  up: string;
  down: string;
}

/** Returns words for a unit's directions: a latency is slower, a rate higher. */
export function directionOf(unit: string): Direction {
  return unit === 'ms' || unit === 's' ? { up: 'slower', down: 'faster' } : { up: 'higher', down: 'lower' };
}

/** Returns a size with its unit, as precise as a sentence needs it: three digits; milliseconds whole from 10 on, tenths below. */
export function size(value: number, unit: string): string {
  const ofMs = Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 ? 1 : 2;
  const rounded = Number(unit === 'ms' ? value.toFixed(ofMs) : value.toPrecision(3));
  const text = rounded.toLocaleString('en-US', { maximumFractionDigits: 9 });
  if (unit === 'score') return text;
  return unit === '%' ? `${text} points` : `${text} ${unit}`;
}

/** Returns `24 ms slower`, `0.4 points lower`, or `no different`. */
export function shifted(value: number, unit: string): string {
  if (value === 0) return 'no different';
  const { up, down } = directionOf(unit);
  return `${size(Math.abs(value), unit)} ${value > 0 ? up : down}`;
}

/** Returns how rare something is by chance, in words. */
export function byChance(p: number): string {
  if (p < 0.001) return 'chance does that in fewer than 1 of 1,000 such comparisons';
  return `chance does that in ${p < 0.095 ? Number((100 * p).toPrecision(1)) : Math.round(100 * p)} of 100 such comparisons`;
}
