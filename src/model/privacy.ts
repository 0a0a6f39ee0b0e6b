import { z } from 'zod';

/** What nobody may find in what a run has written. */
export const PrivateKind = z.enum(['email', 'card', 'token', 'phone', 'secret', 'ip']);
export type PrivateKind = z.infer<typeof PrivateKind>;

/** What PRIVACY_ALLOW may name: `support@yoursite.com`, `@qa.yoursite.com`, `+1 212 736 5000`, `93.184.216.34`, `2a00::1`. */
export const ALLOWABLE = /^(?:[^@\s*]*@[^@\s*]+\.[^@\s*]+|\+?[\d ().-]{7,}|[\da-f:]*:[\da-f:.]+)$/i;

export const PrivateFind = z.strictObject({
  kind: PrivateKind,
  /** Inside the run folder; a part of an archive stands behind a `!`. */
  file: z.string(),
  /** From 1; null in a file without lines. */
  line: z.number().int().positive().nullable(),
  /** Enough to find it, not enough to know it: `a***@b***.com`. */
  masked: z.string(),
});
export type PrivateFind = z.infer<typeof PrivateFind>;

/** privacy.json: what the scanner found in a run folder. */
export const PrivacyReport = z.strictObject({
  schemaVersion: z.literal(1),
  /** NO-GO: there are finds, or something could not be read, so that the run must not be published. */
  publishing: z.enum(['GO', 'NO-GO']),
  files: z.number().int().nonnegative(),
  bytes: z.number().nonnegative(),
  /** At most 200; `found` counts all. */
  finds: z.array(PrivateFind),
  found: z.number().int().nonnegative(),
  /** Pictures and films: their pixels are not looked at. */
  pictures: z.number().int().nonnegative(),
  /** What PRIVACY_ALLOW lets pass. */
  allowed: z.array(z.string()),
  unread: z.array(z.strictObject({ file: z.string(), why: z.string() })),
});
export type PrivacyReport = z.infer<typeof PrivacyReport>;
