import { z } from 'zod';
import { Outcome } from './observation.ts';

export const CHECK_VERSION = 1;

const ms = z.number().nonnegative();
const epochMs = z.number().int().nonnegative();

/** One go at a journey. */
export const CheckAttempt = z.strictObject({
  startedAtEpochMs: epochMs,
  durationMs: ms,
  outcome: Outcome,
  errorCode: z.string().nullable(),
  message: z.string().nullable(),
  steps: z.array(z.strictObject({
    name: z.string(),
    /** Null where the page's own clock could not tell, or the step failed. */
    perceivedMs: ms.nullable(),
    outcome: Outcome,
  })),
  /** Files relative to the reports folder. */
  screenshot: z.string().nullable(),
  trace: z.string().nullable(),
});
export type CheckAttempt = z.infer<typeof CheckAttempt>;

/**
 * One journey of one round. `flaky`: failed, then passed when tried again at once; users met that failure, so it is recorded,
 * but it spends no error budget. `unknown`: the checker itself failed (no browser, interrupted), which says nothing of the target.
 */
export const Check = z.strictObject({
  journey: z.string(),
  status: z.enum(['up', 'flaky', 'down', 'unknown']),
  attempts: z.array(CheckAttempt),
});
export type Check = z.infer<typeof Check>;

/** One line of reports/checks/<month>.ndjson: a round of checks, or the fact that there was none. */
export const CheckRound = z.strictObject({
  v: z.literal(CHECK_VERSION),
  roundId: z.string(),
  target: z.string(),
  /** `missed`: nothing ran at its time (the machine slept, say); `overlapped`: the round before was still running. */
  event: z.enum(['ran', 'missed', 'overlapped', 'refused']),
  /** When it was due; null for a round that somebody started by hand. */
  dueAtEpochMs: epochMs.nullable(),
  startedAtEpochMs: epochMs,
  endedAtEpochMs: epochMs,
  /** For how long this round speaks: the time between rounds; null for a single one. */
  everyMs: z.number().positive().nullable(),
  harnessVersion: z.string(),
  commit: z.string().nullable(),
  /** Empty unless it ran. */
  checks: z.array(Check),
  detail: z.string().nullable(),
});
export type CheckRound = z.infer<typeof CheckRound>;
