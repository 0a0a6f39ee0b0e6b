/** Returns the median; null of nothing. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [below, above] = [sorted[sorted.length % 2 === 0 ? half - 1 : half], sorted[half]];
  return below === undefined || above === undefined ? null : (below + above) / 2;
}

/** Makes the median deviation from the median as large as a standard deviation where values are normal (Hampel 1974). */
const TO_STANDARD = 1.4826;

/** Returns a spread that a few outliers cannot widen: the scaled median absolute deviation. 0 of nothing. */
export function spread(values: readonly number[]): number {
  const middle = median(values) ?? 0;
  return TO_STANDARD * (median(values.map((value) => Math.abs(value - middle))) ?? 0);
}
