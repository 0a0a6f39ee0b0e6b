import type {
  CampaignGate,
  CampaignRecord,
  CampaignRun,
  CriterionStatus,
  Evidence,
  GateFigures,
} from '../model/campaign.ts';
import { amount, count, exact, harmless, withUnit } from './text.ts';

export const CRITERION_MARKS: Record<CriterionStatus, string> = {
  met: '✓',
  'not-met': '✗',
  unsettled: '?',
  'not-reached': '–',
  awaiting: '☐',
  open: '○',
};

/** In the order in which a reader wants to know of them. */
export const CRITERION_WORDS: readonly [CriterionStatus, string][] = [
  ['met', 'met'],
  ['not-met', 'not met'],
  ['unsettled', 'unsettled'],
  ['not-reached', 'not reached'],
  ['awaiting', 'for a person to tick'],
  ['open', 'open'],
];

const HEX_SHOWN = 12;

/** Returns a length of time as people say it: `45 s`, `11 min`, `72 h 2 min`. */
export function clockText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const rest = minutes % 60;
  return `${count(Math.floor(minutes / 60))} h${rest === 0 ? '' : ` ${rest} min`}`;
}

/** Returns how many criteria are in each state: `19 met · 2 unsettled`; states that none is in are left out. */
export function statusCounts(gates: readonly CampaignGate[]): string {
  const criteria = gates.flatMap((gate) => gate.criteria);
  return CRITERION_WORDS.flatMap(([status, word]) => {
    const number = criteria.filter((one) => one.status === status).length;
    return number === 0 ? [] : [`${number} ${word}`];
  }).join(' · ');
}

/** Returns what a campaign is, in one line: name, title, scale, how much was run. */
export function campaignFacts(record: CampaignRecord): string {
  const running = record.runs.reduce((sum, run) => sum + (run.durationS ?? 0), 0);
  const runs = `${record.runs.length} ${record.runs.length === 1 ? 'run' : 'runs'}`;
  return [
    harmless(record.name),
    harmless(record.title),
    ...(record.scale === null ? [] : [`compressed up to ${count(Math.round(record.scale))}-fold: not a sign-off`]),
    runs,
    ...(running > 0 ? [`${clockText(running)} of load`] : []),
  ].join(' · ');
}

/** Returns what a run came to, in a few words. */
export function runWords(run: CampaignRun): string {
  if (run.decision === null) return run.outcome;
  const passed = run.gates.filter((gate) => gate.status === 'pass').length;
  return `${run.decision}, ${passed} of ${run.gates.length} gates passed`;
}

/** Returns the figures of a gate as one phrase: `p95 21 ms [20, 23], ≤ 50 ms, n 2,140`. */
export function figuresText(figures: GateFigures): string {
  const { stat, observed, observedAbove, interval, limit, unit, n } = figures;
  const end = (value: number | null): string => (value === null ? '–' : amount(value, unit));
  const value =
    observed !== null
      ? withUnit(observed, unit)
      : observedAbove !== null
        ? `> ${withUnit(observedAbove, unit)}`
        : 'no value';
  const between = interval === null ? '' : ` [${end(interval.low)}, ${end(interval.high)}]`;
  const sign = limit.kind === 'max' ? '≤' : '≥';
  return `${stat === 'rate' ? '' : `${stat} `}${value}${between}, ${sign} ${exact(limit.value, unit)}, n ${count(n)}`;
}

/**
 * Returns one piece of evidence as a phrase, with the run it is from, and why it does not decide where it does not.
 * Text of others is made harmless.
 */
export function evidenceText(evidence: Evidence, nameOf = (runId: string): string => runId): string {
  switch (evidence.kind) {
    case 'gate': {
      const { figures, runId } = evidence;
      const why = figures.status === 'pass' || figures.hint === null ? '' : `: ${figures.hint}`;
      return harmless(`${figures.id} ${figuresText(figures)} (${nameOf(runId)})${why}`);
    }
    case 'kpi': {
      const { kpi, stat, value, unit, n } = evidence.figure;
      const shown = value === null ? 'no value' : withUnit(value, unit);
      return harmless(`${kpi} ${stat} ${shown}, n ${count(n)} (${nameOf(evidence.runId)})`);
    }
    case 'duration': {
      const [hours, least] = [evidence.hours, evidence.leastHours].map((one) => clockText(one * 3_600));
      return harmless(`lasted ${hours} of ${least} (${nameOf(evidence.runId)})`);
    }
    case 'file':
      return harmless(
        evidence.sha256 === null
          ? `${evidence.path} is not there`
          : `${evidence.path} (sha256 ${evidence.sha256.slice(0, HEX_SHOWN)})`,
      );
    case 'game-day': {
      const { aim, gameDay, target } = evidence;
      const seen = aim.observed === null ? 'not told' : `${count(Math.round(aim.observed))} ${aim.unit}`;
      return harmless(`${aim.id} ${aim.state}: ${seen}, aim ≤ ${aim.limit} ${aim.unit} (${gameDay}, ${target})${aim.why === null ? '' : `: ${aim.why}`}`);
    }
    case 'campaign-gate':
      return harmless(`${evidence.gate} ${evidence.decision}`);
    case 'tick':
      return harmless(`ticked by ${evidence.tick.by} on ${evidence.tick.at}: ${evidence.tick.note}`);
  }
}
