import type { BudgetUse, GateResult, GateStatus, RunRecord } from '../model/index.ts';
import { runbookOf } from '../model/runbook.ts';
import { openDrillGates } from './drill-lines.ts';
import { GATE_GROUPS } from './gate-groups.ts';
import { integrityLines } from './integrity.ts';
import { teardownNote } from './teardown.ts';
import { blockedNote } from './blocked.ts';
import { amount, count, counted, exact, harmless, withUnit } from './text.ts';

export const MARKS: Record<GateStatus, string> = {
  pass: '✓',
  fail: '✗',
  inconclusive: '?',
  'no-data': '?',
  error: '?',
};

/** One gate as the cells of a table. */
export interface GateLine {
  status: GateStatus;
  mark: string;
  subject: string;
  detail: string;
  stat: string;
  observed: string;
  interval: string;
  limit: string;
  n: string;
  /** Figures in words, in place of the four cells before `n`. */
  words?: string;
  /** What to know beside the figures; at most a few sentences. */
  notes: string[];
  /** The page that says what to do, of a gate that failed: a path inside the project. */
  runbook: string | null;
}

/** Evidence shown with a gate that did not pass, or has a story; the record has all of it. */
const SHOWN_EVIDENCE = 3;

/** Of these the story is the result: where it broke, what was normal, whether there is any trend. */
const FOUND_OUT = new Set(['capacity_headroom', 'recovery_time', 'latency_drift']);

/** Returns the header: the run's facts, and whether its observers were undisturbed. */
export function headline(record: RunRecord): string {
  // Without browser users there is nobody whose observation could be disturbed.
  const alone = record.totals.journeys === 0 && record.plan.api !== undefined;
  return alone ? facts(record) : `${facts(record)} · ${harmless(record.validity.summary)}`;
}

/** Returns the run's facts: script, profile, length, journeys. */
export function facts(record: RunRecord): string {
  const { plan, totals } = record;
  return [
    harmless(plan.script),
    harmless(plan.profile),
    length(totals.durationMs),
    ...(totals.journeys === 0 && plan.api ? [] : [`${counted(totals.journeys, 'journey')}, ${count(totals.observed)} observed`]),
    ...(plan.api ? [counted(apiRequests(record), 'API request')] : []),
    ...(record.replay && record.replay.played.crawlers > 0 ? [counted(record.replay.played.crawlers, 'crawler request')] : []),
  ].join(' · ');
}

/** Those that were answered or failed; what was due and never left is in the gates. */
function apiRequests({ findings }: RunRecord): number {
  return findings.find(({ metric, scope }) => metric === 'api_error_rate' && Object.keys(scope).length === 0)?.n ?? 0;
}

function length(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 1000 ? `${seconds} s` : `${count(Math.round(seconds / 60))} min`;
}

/** Returns what a reader must know about the run beside its gates and the verdict's reason. */
export function runNotes(record: RunRecord): string[] {
  const { totals, plan } = record;
  const notes: string[] = [];
  if (plan.forced !== undefined) notes.push(`forced: the plan ${harmless(plan.forced)}`);
  if (totals.stopped !== null) notes.push(`stopped: ${harmless(totals.stopped)}`);
  const { passed = 0, ...others } = totals.byOutcome;
  const ended = Object.entries(others).map(([outcome, number]) => `${count(number)} ${outcome}`);
  if (ended.length > 0) notes.push(`${counted(passed, 'journey')} passed, ${ended.join(', ')}`);
  const difference = totals.artilleryDifference ?? 0;
  if (difference < 0) notes.push(`${counted(-difference, 'user')} more recorded than Artillery counted`);
  const { validity } = record;
  if (validity.latencyHeldBack) {
    const share = Math.floor(100 * (validity.healthyShare ?? 0));
    notes.push(`observers undisturbed for ${share} % of the time, ${plan.validity.min_healthy_percent} % needed: latency is not judged`);
  }
  if (totals.demoted > 0) {
    notes.push(`${counted(totals.demoted, 'observer')} joined the crowd: ${plan.settings.maxObservers} were observing`);
  }
  const arrivals = record.arrivals.flatMap(({ note }) => (note === null ? [] : [harmless(note)]));
  if (arrivals.length > 0) notes.push(arrivals.join('; '));
  notes.push(...(record.budgets ?? []).flatMap(laneShaping));
  if (plan.audit === undefined && !plan.target.embedded) notes.push('payments are not audited (documentation/integrity.md)');
  const blocked = blockedNote(record);
  if (blocked !== null) notes.push(blocked);
  const teardown = teardownNote(record);
  if (teardown !== null) notes.push(teardown);
  const skipped = plan.gatesNotInProfile.length;
  if (skipped > 0) notes.push(`${skipped} more ${skipped === 1 ? 'gate is' : 'gates are'} judged in other profiles only`);
  return notes;
}

/** What a third party's budget did to the API lane; what it did to users is among the notes of their phases. */
function laneShaping({ name, callsPerSecond, api }: BudgetUse): string[] {
  const { waited, turnedAway, longestWaitMs } = api;
  if (waited + turnedAway === 0) return [];
  const away = turnedAway === 0 ? '' : `, ${count(turnedAway)} were not sent`;
  const longest = withUnit(longestWaitMs, 'ms');
  return [`${harmless(name)} (${exact(callsPerSecond, 'calls/s')}): ${counted(waited, 'API arrival')} waited, ${longest} at most${away}`];
}

/** Returns the gates of a record as table cells, in groups. */
export function gateGroups(record: RunRecord): GateLine[][] {
  const groups = GATE_GROUPS.map(({ id, metrics }) => (id === 'payments' ? integrityLines(record, gateLine)
    : id === 'drills' ? openDrillGates(record, gateLine)
    : record.verdict.gates.filter((gate) => metrics.includes(gate.metric)).map(gateLine)));
  return groups.filter((group) => group.length > 0);
}

/** Returns a single gate as the cells of a table. */
export function gateLine(gate: GateResult): GateLine {
  const [subject = '', ...rest] = harmless(gate.title).split(' › ');
  const sign = gate.limit.kind === 'max' ? '≤' : '≥';
  const isTold = gate.status !== 'pass' || FOUND_OUT.has(gate.metric);
  return {
    status: gate.status,
    mark: MARKS[gate.status],
    subject,
    detail: rest.length === 0 ? '' : `› ${rest.join(' › ')}`,
    stat: gate.stat === 'rate' ? '' : gate.stat,
    observed:
      gate.observed !== null
        ? withUnit(gate.observed, gate.unit)
        : gate.observedAbove !== null
          ? `> ${withUnit(gate.observedAbove, gate.unit)}`
          : '–',
    interval: intervalText(gate),
    limit: `${sign} ${exact(gate.limit.value, gate.unit)}`,
    n: `n ${count(gate.n)}`,
    notes: [...(gate.hint === null ? [] : [gate.hint]), ...(isTold ? gate.evidence.slice(0, SHOWN_EVIDENCE) : [])].map(
      harmless,
    ),
    runbook: gate.status === 'fail' ? runbookOf(gate.metric) : null,
  };
}

function intervalText(gate: GateResult): string {
  if (gate.interval === null) return '';
  const end = (value: number | null): string => (value === null ? '–' : amount(value, gate.unit));
  return `[${end(gate.interval.low)}, ${end(gate.interval.high)}]`;
}
