import { z } from 'zod';
import { Decision, Finding, GateResult, Interval } from '../model/index.ts';

const words = z.string();
/** Newer records may have fields beside those that are known (documentation/record.md). */
const interval = z.object(Interval.shape).nullable();
const Gate = z.object({ ...GateResult.shape, interval, limit: z.object(GateResult.shape.limit.shape) });
const Figure = z.object({ ...Finding.shape, interval });

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
  verdict: z.object({ decision: Decision, reason: words, exitCode: z.int(), gates: z.array(Gate) }),
  findings: z.array(Figure),
});
export type RecordFacts = z.infer<typeof RecordFacts>;

/** The same of a run that was never judged: all that is known is what it was meant to be. */
export const PlanFacts = RecordFacts.shape.plan;
export type PlanFacts = z.infer<typeof PlanFacts>;
