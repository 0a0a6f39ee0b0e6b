import { z } from 'zod';
import { Decision, Finding, GateResult } from '../model/index.ts';

const words = z.string();

/**
 * What the history keeps of a record. It asks for no more than that, so that records of other versions of the harness, with more
 * or less beside it, still find their way in.
 */
export const RecordFacts = z.object({
  plan: z.object({
    runId: words,
    startedAtEpochMs: z.number().int(),
    profile: words,
    script: words,
    target: z.object({ url: words, embedded: z.boolean() }),
    sourceHash: words,
  }),
  environment: z.object({ commit: words.nullable(), harnessVersion: words, cpuModel: words, cores: z.number() }).nullable().catch(null),
  totals: z.object({
    journeys: z.int(), observed: z.int(), durationMs: z.number(),
    ended: z.enum(['completed', 'interrupted', 'fault']).nullable(),
  }),
  validity: z.object({ summary: words }),
  verdict: z.object({ decision: Decision, reason: words, exitCode: z.int(), gates: z.array(GateResult) }),
  findings: z.array(Finding),
});
export type RecordFacts = z.infer<typeof RecordFacts>;

/** The same of a run that was never judged: all that is known is what it was meant to be. */
export const PlanFacts = RecordFacts.shape.plan;
export type PlanFacts = z.infer<typeof PlanFacts>;
