/** What one KPI is at one time. */
export interface Reading {
  value: number | null;
  /** Why there is no value, or none that is exact. */
  missing?: string;
  /** No answer came: asking for the same time again, later, may give one. */
  unanswered?: true;
}

/** Returns a reading without a value. */
export function nothing(missing: string): Reading {
  return { value: null, missing };
}

/** Returns a value in the KPI's unit. NaN and infinities are no values. */
export function valued(value: number, scale: number): Reading {
  const scaled = value * scale;
  return Number.isFinite(scaled) ? { value: scaled } : nothing('not a number');
}
