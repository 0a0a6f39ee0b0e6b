import { z } from 'zod';
import { GameDayAim, GameDayAimId } from './game-day.ts';
import { Decision, GateResult } from './verdict.ts';

export const CAMPAIGN_VERSION = 1;

const id = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes');
const words = z.string().trim().min(1);
const seconds = z.number().nonnegative();

/** Ids by the profile of the run that must show them. */
const byRun = z.record(words, z.array(id).min(1));

/** The keys that tick a criterion by evidence; a person ticks `manual`, and nothing yet ticks `open`. */
export const EVIDENCE_KEYS = ['passed', 'measured', 'lasted_hours', 'files', 'game_day', 'gates_met'] as const;

/** One thing that the plan asks for. */
export const Criterion = z.strictObject({
  id,
  /** The plan's own words. */
  source: words,
  /** Gates of slo.yml that must have passed in a run. */
  passed: byRun.optional(),
  /** KPIs of slo.yml that a run must have values of. */
  measured: byRun.optional(),
  lasted_hours: z.record(words, z.number().positive()).optional(),
  /** Files that must be there, by their path from the repository's root. */
  files: z.array(words).min(1).optional(),
  /** Aims that the newest game day with people must have met. */
  game_day: z.array(GameDayAimId).min(1).optional(),
  /** Gates of this campaign that must be GO. */
  gates_met: z.array(id).min(1).optional(),
  /** What a person has to look at before they tick it. */
  manual: words.optional(),
  /** Why it cannot be ticked yet, and what it waits for. */
  open: words.optional(),
});
export type Criterion = z.infer<typeof Criterion>;

export const CampaignRunPlan = z.strictObject({
  /** The file artillery/profiles/<name>.yml. */
  profile: id,
  /** A compressed campaign makes this run no shorter. */
  least_seconds: z.number().positive().max(86_400).default(60),
  /** Of a profile of drills, which cannot be made shorter: those that a compressed campaign holds; all when left out. */
  compressed_drills: z.array(id).min(1).optional(),
  /** Cut short, it goes on where it was; others begin anew. */
  resumes: z.boolean().default(false),
});
export type CampaignRunPlan = z.infer<typeof CampaignRunPlan>;

export const CampaignGatePlan = z.strictObject({
  id,
  title: words,
  runs: z.array(CampaignRunPlan).default([]),
  criteria: z.array(Criterion).min(1),
});
export type CampaignGatePlan = z.infer<typeof CampaignGatePlan>;

/** campaigns/<name>.yml: what must be run in which order, and what it must show. */
export const Campaign = z.strictObject({
  version: z.literal(1),
  title: words,
  /** Gates of slo.yml that a compressed run can only fail, by its shortness, with why: there they stay unsettled. */
  only_whole: z.record(id, words).default({}),
  gates: z.array(CampaignGatePlan).min(1),
});
export type Campaign = z.infer<typeof Campaign>;

/** SHA-256 of what a run was made of. */
export const Sources = z.strictObject({
  /** Harness, journeys, profiles, scenarios and the bundled platform. */
  code: z.string(),
  slo: z.string(),
});
export type Sources = z.infer<typeof Sources>;

/** A gate's result without its sentences: those are in the run's own record. */
export const GateFigures = GateResult.omit({ evidence: true });
export type GateFigures = z.infer<typeof GateFigures>;

export const KpiFigure = z.strictObject({
  kpi: z.string(),
  stat: z.string(),
  value: z.number().nullable(),
  unit: z.string(),
  n: z.number().int().nonnegative(),
});
export type KpiFigure = z.infer<typeof KpiFigure>;

/** `lost`: it was killed, or its end was not seen; `refused`: it never began. Only `completed` counts as evidence. */
export const RunOutcome = z.enum(['completed', 'interrupted', 'fault', 'refused', 'lost']);
export type RunOutcome = z.infer<typeof RunOutcome>;

const started = {
  gate: z.string(),
  profile: z.string(),
  runId: z.string(),
  /** ISO 8601, UTC. */
  startedAt: z.string(),
  sources: Sources,
  /** What its time was divided by; null for the whole run. */
  shortenedBy: z.number().min(1).nullable(),
};

/** A run under way; written before it starts, so that a killed campaign knows of it. */
export const CurrentRun = z.strictObject({ ...started, pid: z.number().int().nullable(), born: z.string().nullable() });
export type CurrentRun = z.infer<typeof CurrentRun>;

/** One run that has ended, and what the campaign keeps of it. */
export const CampaignRun = z.strictObject({
  ...started,
  endedAt: z.string(),
  exitCode: z.number().int().nullable(),
  outcome: RunOutcome,
  /** Null where no run was completed. */
  decision: Decision.nullable(),
  reason: z.string(),
  /** Of its observations, from the first to the last. */
  durationS: seconds.nullable(),
  /** Of record.json, on which all of this rests. */
  recordSha256: z.string().nullable(),
  commit: z.string().nullable(),
  target: z.string().nullable(),
  gates: z.array(GateFigures),
  kpis: z.array(KpiFigure),
  machine: z
    .strictObject({
      cpu: z.string(),
      cores: z.number(),
      memoryBytes: z.number(),
      node: z.string(),
      browser: z.string(),
    })
    .nullable(),
  /** Set aside by `--from`: it stays in the record and counts no more. */
  superseded: z.boolean(),
});
export type CampaignRun = z.infer<typeof CampaignRun>;

/** A person's word for a `manual` criterion. */
export const Tick = z.strictObject({ criterion: id, by: words, note: words, at: z.string() });
export type Tick = z.infer<typeof Tick>;

/** One thing that a criterion rests on. */
export const Evidence = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('gate'), runId: z.string(), figures: GateFigures }),
  z.strictObject({ kind: z.literal('kpi'), runId: z.string(), figure: KpiFigure }),
  z.strictObject({
    kind: z.literal('duration'),
    runId: z.string(),
    hours: z.number().nonnegative(),
    leastHours: z.number(),
  }),
  z.strictObject({ kind: z.literal('file'), path: z.string(), sha256: z.string().nullable() }),
  z.strictObject({ kind: z.literal('game-day'), gameDay: z.string(), target: z.string(), aim: GameDayAim }),
  z.strictObject({ kind: z.literal('campaign-gate'), gate: z.string(), decision: Decision }),
  z.strictObject({ kind: z.literal('tick'), tick: Tick }),
]);
export type Evidence = z.infer<typeof Evidence>;

/**
 * `unsettled`: there is evidence, and it does not decide. `awaiting`: a person has not ticked it. `open`: nothing can
 * yet.
 */
export const CriterionStatus = z.enum(['met', 'not-met', 'unsettled', 'not-reached', 'awaiting', 'open']);
export type CriterionStatus = z.infer<typeof CriterionStatus>;

export const CriterionResult = z.strictObject({
  id: z.string(),
  source: z.string(),
  status: CriterionStatus,
  evidence: z.array(Evidence),
  /** What is missing, or why it is open; plain sentences. */
  notes: z.array(z.string()),
});
export type CriterionResult = z.infer<typeof CriterionResult>;

export const CampaignGate = z.strictObject({
  id: z.string(),
  title: z.string(),
  decision: Decision,
  reason: z.string(),
  /** Its runs are done and leave nothing to settle: the next gate may begin. */
  passed: z.boolean(),
  /** What to know of its evidence: made of other sources, changed since, repeated. */
  notes: z.array(z.string()),
  /** One of its runs has come to its end; always so where it has none. */
  reached: z.boolean(),
  /** Ids of the runs that count, in order. */
  runIds: z.array(z.string()),
  criteria: z.array(CriterionResult),
});
export type CampaignGate = z.infer<typeof CampaignGate>;

/** campaign.json: how a campaign stands, whole after every step. */
export const CampaignRecord = z.strictObject({
  schemaVersion: z.literal(CAMPAIGN_VERSION),
  name: id,
  title: z.string(),
  /** SHA-256 of the campaign's file as last judged by. */
  definitionSha256: z.string(),
  startedAt: z.string(),
  updatedAt: z.string(),
  /** `--scale`: the most that a run's time is divided by; null for the whole campaign. */
  scale: z.number().gt(1).nullable(),
  /** The gate that `--from` began with, where it is not the first. */
  startedFrom: z.string().nullable(),
  current: CurrentRun.nullable(),
  /** Every run that was started, in order: repeated ones too. */
  runs: z.array(CampaignRun),
  gates: z.array(CampaignGate),
  ticks: z.array(Tick),
  decision: Decision,
  reason: z.string(),
});
export type CampaignRecord = z.infer<typeof CampaignRecord>;
