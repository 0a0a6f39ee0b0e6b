import type {
  Campaign,
  CampaignGate,
  CampaignGatePlan,
  CampaignRun,
  Criterion,
  CriterionResult,
  CriterionStatus,
  Evidence,
  Sources,
  Tick,
} from '../../model/campaign.ts';
import type { GameDay, GameDayAimId } from '../../model/game-day.ts';
import type { Decision } from '../../model/index.ts';

/** What is known of a campaign at one time. */
export interface Standing {
  /** Every run that has ended, in order. */
  runs: readonly CampaignRun[];
  ticks: readonly Tick[];
  /** By run id: what is wrong with a record that is gone, or is no longer the one that counted. */
  broken: ReadonlyMap<string, string>;
  /** SHA-256 of the files that criteria name; null for one that is not there. */
  files: ReadonlyMap<string, string | null>;
  /** The newest that people held since the campaign began; null where none was. */
  gameDay: Pick<GameDay, 'id' | 'target' | 'aims'> | null;
  compressed: boolean;
  /** What a run would be made of now. */
  sources: Sources;
}

export interface JudgedCampaign {
  gates: CampaignGate[];
  decision: Decision;
  reason: string;
}

/** The worst of several statuses is the whole's. */
const WORST_FIRST: readonly CriterionStatus[] = ['not-met', 'unsettled', 'not-reached', 'open', 'awaiting', 'met'];
/** How a reason and a table name each of them. */
export const STATUS_WORDS: Record<CriterionStatus, string> = {
  met: 'met',
  'not-met': 'not met',
  unsettled: 'unsettled',
  'not-reached': 'not reached',
  awaiting: 'for a person to tick',
  open: 'open',
};

/** Returns the run that counts for a profile: the last one that came to its end. */
export function countingRun(runs: readonly CampaignRun[], profile: string): CampaignRun | null {
  return runs.findLast((run) => run.profile === profile && run.outcome === 'completed' && !run.superseded) ?? null;
}

/**
 * Returns how every gate and criterion stands, and the decision: NO-GO where a gate is, GO where all are and nothing
 * was compressed, else INCONCLUSIVE.
 */
export function judgeCampaign(campaign: Campaign, standing: Standing): JudgedCampaign {
  const gates: CampaignGate[] = [];
  for (const plan of campaign.gates) gates.push(judgeCampaignGate(plan, standing, gates));
  const named = (gate: CampaignGate): string => `${gate.id}: ${gate.reason}`;
  const failed = gates.filter((gate) => gate.decision === 'NO-GO');
  const unsure = gates.filter((gate) => gate.decision === 'INCONCLUSIVE');
  if (failed.length > 0) return { gates, decision: 'NO-GO', reason: failed.map(named).join('; ') };
  if (standing.compressed) {
    const rest = unsure.length > 0 ? unsure.map(named).join('; ') : 'every criterion is met at this scale';
    return { gates, decision: 'INCONCLUSIVE', reason: `compressed, so not a sign-off. ${rest}` };
  }
  if (unsure.length > 0) return { gates, decision: 'INCONCLUSIVE', reason: unsure.map(named).join('; ') };
  return { gates, decision: 'GO', reason: 'every criterion of every gate is met' };
}

function judgeCampaignGate(plan: CampaignGatePlan, standing: Standing, before: readonly CampaignGate[]): CampaignGate {
  const criteria = plan.criteria.map((one) => judgeCriterion(one, standing, before));
  const runs = plan.runs.map(({ profile }) => countingRun(standing.runs, profile));
  const present = runs.filter((run) => run !== null);
  const has = (status: CriterionStatus): boolean => criteria.some((one) => one.status === status);
  const failed = present.filter((run) => run.decision === 'NO-GO');
  const allGo =
    present.length === runs.length && present.every((run) => run.decision === 'GO' && !standing.broken.has(run.runId));
  const sound =
    present.length === runs.length &&
    failed.length === 0 &&
    !has('not-met') &&
    !present.some((run) => standing.broken.has(run.runId));
  const decision =
    failed.length > 0 || has('not-met')
      ? 'NO-GO'
      : allGo && criteria.every((one) => one.status === 'met')
        ? 'GO'
        : 'INCONCLUSIVE';
  return {
    id: plan.id,
    title: plan.title,
    decision,
    reason: reasonOf(decision, plan, criteria, present),
    passed: sound && (standing.compressed || (allGo && !has('unsettled') && !has('not-reached'))),
    notes: plan.runs.flatMap(({ profile }, index) => runNotes(profile, runs[index] ?? null, standing)),
    reached: plan.runs.length === 0 || present.length > 0,
    runIds: present.map((run) => run.runId),
    criteria,
  };
}

function reasonOf(
  decision: Decision,
  plan: CampaignGatePlan,
  criteria: readonly CriterionResult[],
  runs: readonly CampaignRun[],
): string {
  if (decision === 'GO') return `all ${criteria.length} criteria are met`;
  if (plan.runs.length > 0 && runs.length === 0) return 'not reached';
  const parts = runs
    .filter((run) => run.decision === (decision === 'NO-GO' ? 'NO-GO' : 'INCONCLUSIVE'))
    .map((run) =>
      decision === 'NO-GO'
        ? `${run.profile} is NO-GO: ${run.reason.replace(/\.$/, '')}`
        : `${run.profile} is ${run.decision}`,
    );
  const statuses =
    decision === 'NO-GO' ? (['not-met'] as const) : (['unsettled', 'not-reached', 'open', 'awaiting'] as const);
  for (const status of statuses) {
    const number = criteria.filter((one) => one.status === status).length;
    if (number > 0) parts.push(`${number} of ${criteria.length} criteria ${STATUS_WORDS[status]}`);
  }
  const missing = plan.runs.length - runs.length;
  if (missing > 0) parts.push(`${missing} of ${plan.runs.length} runs to come`);
  return parts.length > 0 ? parts.join('; ') : 'a record that it rests on is not the one that counted';
}

/** What a reader must know of a run before they rely on it. */
function runNotes(profile: string, run: CampaignRun | null, standing: Standing): string[] {
  const attempts = standing.runs.filter((one) => one.profile === profile);
  const notes: string[] = [];
  if (attempts.length > 1) {
    const how = attempts.map((one) => `${one.decision ?? one.outcome}${one.superseded ? ' (set aside)' : ''}`);
    notes.push(`${profile} was run ${attempts.length} times: ${how.join(', ')}`);
  }
  if (run === null) return notes;
  const broken = standing.broken.get(run.runId);
  if (broken !== undefined) notes.push(`${run.runId}: ${broken}`);
  const refuted = attempts.findLast((one) => one.decision === 'NO-GO' && one !== run);
  if (refuted && run.decision === 'GO' && same(refuted.sources, run.sources)) {
    notes.push(`${profile} became GO without a change of code or slo.yml since it was NO-GO: a repetition is no fix`);
  }
  const { code, slo } = standing.sources;
  const changed = [run.sources.code === code ? null : 'the code', run.sources.slo === slo ? null : 'slo.yml'].filter(
    (one) => one !== null,
  );
  if (changed.length > 0)
    notes.push(`${changed.join(' and ')} ${changed.length > 1 ? 'have' : 'has'} changed since ${run.runId}`);
  return notes;
}

/** Returns whether two runs were made of the same. */
export function same(a: Sources, b: Sources): boolean {
  return a.code === b.code && a.slo === b.slo;
}

interface Part {
  status: CriterionStatus;
  evidence?: Evidence;
  note?: string;
}

function judgeCriterion(criterion: Criterion, standing: Standing, before: readonly CampaignGate[]): CriterionResult {
  const { id, source } = criterion;
  const parts: Part[] = [
    ...Object.entries(criterion.passed ?? {}).flatMap(([run, gates]) =>
      gates.map((gate) => gatePart(run, gate, standing)),
    ),
    ...Object.entries(criterion.measured ?? {}).flatMap(([run, kpis]) =>
      kpis.map((kpi) => kpiPart(run, kpi, standing)),
    ),
    ...Object.entries(criterion.lasted_hours ?? {}).map(([run, hours]) => durationPart(run, hours, standing)),
    ...(criterion.files ?? []).map((path) => filePart(path, standing)),
    ...(criterion.game_day ?? []).map((aim) => gameDayPart(aim, standing)),
    ...(criterion.gates_met ?? []).map((gate) => campaignGatePart(gate, before)),
    ...(criterion.manual === undefined ? [] : [tickPart(criterion.id, criterion.manual, standing)]),
    ...(criterion.open === undefined ? [] : [{ status: 'open', note: criterion.open } as const]),
  ];
  return {
    id,
    source,
    status: WORST_FIRST.find((status) => parts.some((part) => part.status === status)) ?? 'open',
    evidence: parts.flatMap((part) => (part.evidence ? [part.evidence] : [])),
    notes: [...new Set(parts.flatMap((part) => (part.note === undefined ? [] : [part.note])))],
  };
}

/** Returns the run that a part rests on, or the part that says why there is none. */
function runFor(profile: string, standing: Standing): CampaignRun | Part {
  const run = countingRun(standing.runs, profile);
  if (run === null) return { status: 'not-reached', note: `${profile} has not been run to its end` };
  const broken = standing.broken.get(run.runId);
  return broken === undefined ? run : { status: 'unsettled', note: `${run.runId}: ${broken}` };
}

function gatePart(profile: string, id: string, standing: Standing): Part {
  const run = runFor(profile, standing);
  if ('status' in run) return run;
  const figures = run.gates.find((gate) => gate.id === id);
  if (!figures) return { status: 'unsettled', note: `${run.runId} did not judge ${id}` };
  const evidence: Evidence = { kind: 'gate', runId: run.runId, figures };
  if (figures.status === 'pass') return { status: 'met', evidence };
  if (figures.status === 'fail') return { status: 'not-met', evidence };
  return { status: 'unsettled', evidence };
}

function kpiPart(profile: string, id: string, standing: Standing): Part {
  const run = runFor(profile, standing);
  if ('status' in run) return run;
  const figure = run.kpis.find((one) => one.kpi === id && one.value !== null && one.n > 0);
  if (!figure) return { status: 'unsettled', note: `${run.runId} has no value of ${id}` };
  return { status: 'met', evidence: { kind: 'kpi', runId: run.runId, figure } };
}

function durationPart(profile: string, leastHours: number, standing: Standing): Part {
  const run = runFor(profile, standing);
  if ('status' in run) return run;
  const hours = (run.durationS ?? 0) / 3_600;
  const evidence: Evidence = { kind: 'duration', runId: run.runId, hours, leastHours };
  // A shorter run refutes nothing: it has only not shown enough.
  return hours >= leastHours ? { status: 'met', evidence } : { status: 'unsettled', evidence };
}

function filePart(path: string, { files }: Standing): Part {
  const sha256 = files.get(path) ?? null;
  return { status: sha256 === null ? 'not-met' : 'met', evidence: { kind: 'file', path, sha256 } };
}

/** The newest counts: one that was missed is made up for by another one, and not by an older one. */
function gameDayPart(id: GameDayAimId, { gameDay }: Standing): Part {
  if (gameDay === null) return { status: 'awaiting', note: 'no game day with people was held since the campaign began: npm run gameday' };
  const aim = gameDay.aims.find((one) => one.id === id);
  if (!aim) return { status: 'unsettled', note: `${gameDay.id} did not come to its end` };
  const status = { 'met': 'met', 'missed': 'not-met', 'not told': 'unsettled' } as const;
  return { status: status[aim.state], evidence: { kind: 'game-day', gameDay: gameDay.id, target: gameDay.target, aim } };
}

function campaignGatePart(id: string, before: readonly CampaignGate[]): Part {
  const gate = before.find((one) => one.id === id);
  if (!gate) return { status: 'not-reached' };
  const evidence: Evidence = { kind: 'campaign-gate', gate: id, decision: gate.decision };
  if (!gate.reached) return { status: 'not-reached', evidence };
  return { status: gate.decision === 'GO' ? 'met' : gate.decision === 'NO-GO' ? 'not-met' : 'unsettled', evidence };
}

function tickPart(id: string, what: string, { ticks }: Standing): Part {
  const tick = ticks.findLast((one) => one.criterion === id);
  return tick ? { status: 'met', evidence: { kind: 'tick', tick } } : { status: 'awaiting', note: what };
}
