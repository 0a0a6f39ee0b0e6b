import type { Decision, GateResult, GateStatus, RunRecord } from '../../model/index.ts';
import { exact, harmless } from '../text.ts';
import { observedText } from './figures.ts';
import { gateScale } from './gate-scale.ts';

export const STATUS_WORDS: Readonly<Record<GateStatus, string>> = {
  'pass': 'passed', 'fail': 'failed', 'inconclusive': 'not settled', 'no-data': 'no data', 'error': 'error',
};
export const DECISION_WORDS: Readonly<Record<Decision, string>> = { 'GO': 'Go', 'NO-GO': 'No-go', 'INCONCLUSIVE': 'Inconclusive' };

/** What a stakeholder asks about first: money, then whether things work at all, then how they feel, then all else. */
const WEIGHT = [
  'integrity', 'journey_error_rate', 'agent_success_rate', 'drill', 'perceived_latency', 'agent_completion', 'agent_first_progress',
  'vital', 'replay_error_rate', 'replay_latency', 'replay_cache_hits', 'replay_generation',
  'request_error_rate', 'api_error_rate', 'capacity_headroom', 'recovery_time', 'api_throughput', 'request_latency', 'api_latency',
];
const NAMED = 2;

/** Returns gates with the weightiest first, otherwise in their order. */
export function byWeight(gates: readonly GateResult[]): GateResult[] {
  const weight = ({ metric }: GateResult): number => (WEIGHT.includes(metric) ? WEIGHT.indexOf(metric) : WEIGHT.length);
  return gates.toSorted((a, b) => weight(a) - weight(b));
}

/** Returns `≤ 250 ms`. */
export function limitText({ limit, unit }: Pick<GateResult, 'limit' | 'unit'>): string {
  return `${limit.kind === 'max' ? '≤' : '≥'} ${exact(limit.value, unit)}`;
}

/** Returns the statistic of a gate where it is not plain. */
export function statText({ stat }: Pick<GateResult, 'stat'>): string {
  return ['rate', 'value', 'count', 'total'].includes(stat) ? '' : stat;
}

/** Gates as the record names them in its reason: by their ids, in brackets. */
const IDS = /^(.*?) \([a-z0-9-]+(?:, [a-z0-9-]+)*(?: and \d+ more)?\)(.*?)\.?$/;

/** Returns the reason for the decision in one sentence, with the weightiest gates by their titles and figures. */
export function sentence({ verdict }: Pick<RunRecord, 'verdict'>): string {
  const found = IDS.exec(verdict.reason);
  if (found === null) return harmless(verdict.decision === 'GO' ? `${verdict.reason}${nearest(verdict.gates)}` : verdict.reason);
  const failed = verdict.gates.filter(({ status }) => status === 'fail');
  const open = verdict.gates.filter(({ status }) => status !== 'fail' && status !== 'pass');
  const gates = byWeight(failed.length > 0 ? failed : open);
  const named = gates.slice(0, NAMED).map((gate) => `${gate.title.replaceAll(' › ', ', ')} (${shortly(gate)})`);
  const more = gates.length - named.length;
  const list = more > 0 ? `${named.join('; ')}; and ${more} more` : named.join(' and ');
  return harmless(`${found[1] ?? ''}: ${list}${found[2] ?? ''}.`);
}

/** Of gates that all passed: how much room the tightest has. */
function nearest(gates: readonly GateResult[]): string {
  const shares = gates.map((gate) => ({ gate, at: gateScale(gate)?.at ?? 0 })).toSorted((a, b) => b.at - a.at);
  const [first] = shares;
  if (first === undefined || first.at <= 0) return '';
  return ` Nearest its limit is ${first.gate.title.replaceAll(' › ', ', ')}: ${observedText(first.gate)}, ${allowedText(first.gate)}.`;
}

function shortly(gate: GateResult): string {
  if (gate.status !== 'fail') return gate.hint?.split(';')[0] ?? STATUS_WORDS[gate.status];
  const stat = statText(gate);
  return `${stat === '' ? '' : `${stat} `}${observedText(gate)}, ${allowedText(gate)}`;
}

function allowedText({ limit, unit }: GateResult): string {
  if (limit.kind === 'max' && limit.value === 0) return 'none is allowed';
  return `${limit.kind === 'max' ? 'at most' : 'at least'} ${exact(limit.value, unit)} allowed`;
}
