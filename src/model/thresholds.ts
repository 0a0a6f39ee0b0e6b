import { z } from 'zod';

/** Where a figure was learned. */
const Origin = {
  run: z.string(),
  profile: z.string(),
  /** The day of the run, in UTC: `2026-11-21`. */
  date: z.string(),
  /** Readings or requests behind it. */
  n: z.number().int().nonnegative(),
};

/** The furthest that one of the target's own figures went in a run that was a GO. */
export const LearnedKpi = z.strictObject({
  kpi: z.string(),
  /** `max`: it should not be larger in production; `min`: not smaller. */
  bound: z.enum(['max', 'min']),
  value: z.number(),
  unit: z.string(),
  ...Origin,
});
export type LearnedKpi = z.infer<typeof LearnedKpi>;

/** The highest rate that the target sustained. */
export const LearnedCapacity = z.strictObject({ requestsPerSecond: z.number().positive(), ...Origin });
export type LearnedCapacity = z.infer<typeof LearnedCapacity>;

/** ops/thresholds.yml: what runs taught, for dashboards and alerts. Limits stand in slo.yml; these are no objectives. */
export const Thresholds = z.strictObject({
  version: z.literal(1),
  capacity: LearnedCapacity.nullable(),
  kpis: z.array(LearnedKpi),
});
export type Thresholds = z.infer<typeof Thresholds>;
