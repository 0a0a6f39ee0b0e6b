/** Returns P(Z ≤ z) of the standard normal for 0 ≤ z ≤ 8 (Marsaglia 2004: all terms positive, nothing cancels). */
export function normalCdf(z: number): number {
  let sum = z;
  for (let term = z, k = 3; Math.abs(term) > 1e-18; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * z * z - Math.log(Math.sqrt(2 * Math.PI)));
}

/** Returns the z with P(Z ≤ z) = confidence, for a confidence above 0.5. */
export function normalQuantile(confidence: number): number {
  let low = 0;
  let high = 8;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < confidence) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export interface RateBounds {
  low: number;
  high: number;
}

/**
 * Returns the one-sided Wilson score bounds of a rate (shares, 0 to 1), each at `confidence`; n must be positive.
 * With no event at all the upper end is the exact 1 − (1−confidence)^(1/n), about 3/n at 95 %, because Wilson's is a
 * little too small there; with nothing but events the lower end likewise.
 */
export function rateBounds(events: number, n: number, confidence: number): RateBounds {
  const exact = (1 - confidence) ** (1 / n);
  const z = normalQuantile(confidence);
  const share = events / n;
  const centre = share + (z * z) / (2 * n);
  const reach = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return {
    low: events === 0 ? 0 : events === n ? exact : Math.max(0, (centre - reach) / scale),
    high: events === n ? 1 : events === 0 ? 1 - exact : Math.min(1, (centre + reach) / scale),
  };
}
