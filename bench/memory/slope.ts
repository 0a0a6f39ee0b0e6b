/** A straight line through points, by least squares. */
export interface Slope {
  perUnit: number;
  /** Half of the 95 % interval; null with fewer than three points, which a line always fits. */
  halfWidth: number | null;
  n: number;
}

/** Student's t at 97.5 %, by degrees of freedom; beyond the table the normal distribution's. */
const T_975 = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1, 2.09, 2.09];

/** Returns the slope of y over x with its 95 % interval; null where the points do not tell one. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope | null {
  const n = points.length;
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / n;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const sxx = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (n < 2 || sxx === 0) return null;
  const perUnit = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / sxx;
  if (n < 3) return { perUnit, halfWidth: null, n };
  const residuals = points.reduce((sum, [x, y]) => sum + (y - meanY - perUnit * (x - meanX)) ** 2, 0);
  return { perUnit, halfWidth: (T_975[n - 3] ?? 1.96) * Math.sqrt(residuals / (n - 2) / sxx), n };
}
