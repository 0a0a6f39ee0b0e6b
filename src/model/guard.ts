import { z } from 'zod';

/** What is checked before the first arrival, by the name under which it can be overridden (GUARD_OVERRIDES in .env). */
export const GuardName = z.enum(['target', 'production', 'off-peak', 'cost-ceiling', 'budget', 'parity']);
export type GuardName = z.infer<typeof GuardName>;

/** A guard that would have refused the run, and was told not to. Stands in the plan, so that every report can say it. */
export const GuardOverride = z.strictObject({
  guard: GuardName,
  /** What it would have refused, in words. */
  what: z.string(),
  /** As the person who overrode it gave it (GUARD_REASON). */
  reason: z.string(),
});
export type GuardOverride = z.infer<typeof GuardOverride>;

const number = z.number().nonnegative();

/**
 * What a target says of itself at `/.well-known/load-test.json`. Every part may be left out, and is unknown then; fields
 * that are not known here are for others.
 */
export const TargetManifest = z.looseObject({
  /** `forbidden` is the marker of a production environment: no load test may go on. */
  loadTests: z.enum(['allowed', 'forbidden']).optional(),
  environment: z.string().optional(),
  version: z.string().optional(),
  instances: number.optional(),
  flags: z.record(z.string(), z.union([z.boolean(), z.string(), z.number()])).optional(),
  /** Rows by name: `{ creators: 5000 }`. */
  data: z.record(z.string(), number).optional(),
});
export type TargetManifest = z.infer<typeof TargetManifest>;

const range = z.strictObject({ min: number.optional(), max: number.optional() })
  .refine(({ min = 0, max = Infinity }) => min <= max, 'min is above max');

/** What a plan expects of the environment it is run against; what is left out is not asked. */
export const ExpectedEnvironment = z.strictObject({
  environment: z.string().min(1).optional(),
  /** The version as a whole, or its beginning with a `*` at its end. */
  version: z.string({ error: 'a text: YAML takes 1.10 for a number unless it is in quotes' }).min(1).optional(),
  instances: range.optional(),
  flags: z.record(z.string(), z.union([z.boolean(), z.string(), z.number()])).optional(),
  data: z.record(z.string(), range).optional(),
});
export type ExpectedEnvironment = z.infer<typeof ExpectedEnvironment>;

/** One expectation held against what the target said. */
export const ParityFinding = z.strictObject({
  /** `version`, `flags.newCheckout`, `data.creators`. */
  what: z.string(),
  expected: z.string(),
  /** Null where the target did not say: unknown is no match. */
  actual: z.string().nullable(),
  matches: z.boolean(),
});
export type ParityFinding = z.infer<typeof ParityFinding>;

/** How the environment was checked before the run; left out of a plan that expects nothing. */
export const Parity = z.strictObject({ findings: z.array(ParityFinding).min(1), manifest: TargetManifest.nullable() });
export type Parity = z.infer<typeof Parity>;

/** Requests of browsers that were kept from leaving, since their host is on no list. */
export const BlockedHost = z.strictObject({ host: z.string(), requests: z.number().int().positive() });
export type BlockedHost = z.infer<typeof BlockedHost>;
