import { runbookOf } from '../../model/index.ts';
import type { Finding, Gate, GateResult, RunRecord } from '../../model/index.ts';
import { intervalText, observedText } from '../html/figures.ts';
import { escaped } from '../html/markup.ts';
import { count, exact, harmless } from '../text.ts';
import { MESSAGES } from './categories.ts';
import { severityOf, suiteOf } from './kinds.ts';
import { step } from './model.ts';
import type { Parameter, Status, Step, Test } from './model.ts';
import { drillSteps } from './drill-steps.ts';

const STATUS: Record<GateResult['status'], Status> = {
  'pass': 'passed', 'fail': 'failed', 'error': 'broken', 'inconclusive': 'skipped', 'no-data': 'skipped',
};

/** Returns a gate's result as a test. */
export function gateTest(record: RunRecord, gate: GateResult): Test {
  const planned = record.plan.gates.find(({ id }) => id === gate.id);
  const status = STATUS[gate.status];
  const limit = limitText(gate);
  const figure = figureText(gate);
  const summary = `${figure}, limit ${limit}${gate.n > 0 ? `, n ${count(gate.n)}` : ''}`;
  // Beyond its deadline, a latency is known to be that long at least.
  const latencyMs = gate.unit === 'ms' ? (gate.observed ?? gate.observedAbove) : null;
  const title = harmless(gate.title);
  return {
    id: gate.id,
    name: `${title} · ${figure}${gate.status === 'inconclusive' ? ', not settled' : ''} (${limit})`,
    suite: suiteOf(gate.metric),
    subject: title.split(' › ')[0] ?? title,
    metric: gate.metric,
    status,
    message: gate.status === 'pass' ? null : `${MESSAGES[gate.status]}: ${why(gate, summary)}`,
    details: gate.evidence.length === 0 || status === 'passed' ? null : gate.evidence.map(harmless).join('\n'),
    expected: status === 'failed' ? limit : null,
    actual: status === 'failed' ? figure : null,
    summary,
    lengthMs: latencyMs ?? record.totals.durationMs,
    severity: planned?.severity ?? severityOf(gate.metric),
    owner: planned?.owner === undefined ? null : harmless(planned.owner),
    parameters: [
      { name: 'gate', value: harmless(gate.id) },
      { name: 'limit', value: limit },
      ...(planned?.source === undefined ? [] : [{ name: 'limit comes from', value: harmless(planned.source) }]),
    ],
    description: described(gate, planned, limit),
    steps: [
      samples(record, gate, status), compared(record, gate, status, limit),
      ...whereTheTimeGoes(record, planned), ...drillSteps(record, planned), ...seen(gate, status),
    ],
  };
}

function limitText({ limit, unit }: GateResult): string {
  return `${limit.kind === 'max' ? '≤' : '≥'} ${exact(limit.value, unit)}`;
}

/** `p75 160 ms`, `0.35 %`; in words where there is no value. */
function figureText(gate: GateResult): string {
  const stat = gate.stat === 'rate' ? '' : `${harmless(gate.stat)} `;
  if (gate.observed === null && gate.observedAbove === null) return gate.status === 'no-data' ? 'no data' : `${stat}unknown`;
  return gate.observed === 1 && gate.unit === 'breaches' ? '1 breach' : `${stat}${observedText(gate)}`;
}

function why(gate: GateResult, summary: string): string {
  const interval = intervalText(gate.interval, gate.unit);
  const hint = gate.hint === null ? '' : ` – ${harmless(gate.hint)}`;
  return `${summary}${interval === '' ? '' : `, interval ${interval}`}${hint}`;
}

function described(gate: GateResult, planned: Gate | undefined, limit: string): string {
  const lines = [
    `<b>${escaped(gate.title)}</b>: ${escaped(gate.stat === 'rate' ? 'the rate' : gate.stat)} must be ${escaped(limit)}.`,
    ...(planned?.source === undefined ? [] : [`The limit comes from ${escaped(planned.source)}.`]),
    ...(gate.hint === null ? [] : [escaped(gate.hint)]),
    `What it means and what to do: <code>${escaped(runbookOf(gate.metric))}</code>`,
  ];
  return lines.map((line) => `<p>${line}</p>`).join('');
}

/** The finding that a gate rests on; the gate tells no scope, so its figures must be the same. */
function findingOf({ findings }: RunRecord, { metric, stat, observed, n }: GateResult): Finding | undefined {
  return findings.find((one) => one.metric === metric && one.stat === stat && one.value === observed && one.n === n);
}

function samples(record: RunRecord, gate: GateResult, status: Status): Step {
  const finding = gate.n === 0 ? undefined : findingOf(record, gate);
  const parameters: Parameter[] = [
    { name: 'samples', value: count(gate.n) },
    ...(finding?.events == null ? [] : [{ name: 'events', value: count(finding.events) }]),
    ...(finding?.censored ? [{ name: 'failed or timed out, slower than their deadline', value: count(finding.censored) }] : []),
    ...(finding?.unmeasured ? [{ name: 'not measured', value: count(finding.unmeasured) }] : []),
    ...(finding === undefined ? [] : [{ name: 'taken from', value: harmless(finding.window) }]),
  ];
  return step('take the samples', gate.n === 0 ? (status === 'broken' ? 'broken' : 'skipped') : 'passed', { parameters });
}

function compared(record: RunRecord, gate: GateResult, status: Status, limit: string): Step {
  const interval = intervalText(gate.interval, gate.unit);
  const sides = `${Number((100 * record.plan.confidence).toFixed(3))} % on each side`;
  return step('compare with the limit', status, {
    parameters: [
      { name: 'observed', value: figureText(gate) },
      ...(interval === '' ? [] : [{ name: `interval (${sides})`, value: interval }]),
      { name: 'limit', value: limit },
    ],
  });
}

const share = (of: number): string => `${Math.round(100 * of)} %`;

function whereTheTimeGoes(record: RunRecord, planned: Gate | undefined): Step[] {
  if (planned?.metric !== 'perceived_latency') return [];
  const found = record.attributions.find(({ journey, step: name }) => journey === planned.journey && name === planned.step);
  if (found === undefined) return [];
  return [step('see where the time goes', 'passed', {
    parameters: [
      { name: 'samples that could be told apart', value: count(found.n) },
      { name: 'slowest quarter', value: count(found.slowest) },
      { name: 'server', value: share(found.serverShare) },
      { name: 'network', value: share(found.networkShare) },
      { name: 'rendering', value: share(found.renderShare) },
      ...(found.generatorShare === null ? [] : [{ name: 'added by the generator', value: share(found.generatorShare) }]),
      ...(found.request === null ? [] : [{ name: 'request that took longest', value: harmless(found.request) }]),
    ],
  })];
}

/** What was seen, and what is still needed; nothing for a gate that passed and has nothing to tell. */
function seen(gate: GateResult, status: Status): Step[] {
  const lines = [...gate.evidence, ...(gate.hint === null ? [] : [`→ ${gate.hint}`])];
  if (lines.length === 0) return [];
  return [step('look at the evidence', status, { steps: lines.map((line) => step(harmless(line), status)) })];
}
