import type { GateResult } from '../../../model/index.ts';
import { amount, withUnit } from '../../text.ts';
import { capacityChart } from '../charts/capacity-chart.ts';
import type { CapacityBar } from '../charts/capacity-chart.ts';
import { findingOf, intervalText, observedText } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { absent } from '../view.ts';
import type { Section, View } from '../view.ts';
import { STATUS_WORDS, limitText } from '../words.ts';

/** What each is, for a run that did not look for it. */
const ELSEWHERE: Readonly<Record<string, { what: string; profile: string }>> = {
  capacity_headroom: { what: 'capacity: the load was not raised until the target gave way', profile: 'stress' },
  recovery_time: { what: 'recovery: there was no spike to recover from', profile: 'spike' },
  latency_drift: { what: 'drift: only a long steady run can show any', profile: 'soak' },
};

/** Returns how much more the target carries, how soon it recovers and whether it drifts, with what was found out on the way. */
export function capacitySection(view: View): Section {
  const { record } = view;
  const gates = record.verdict.gates.filter(({ metric }) => metric in ELSEWHERE);
  const missing = Object.entries(ELSEWHERE).filter(([metric]) => !gates.some((gate) => gate.metric === metric) && record.findings.every((one) => one.metric !== metric || one.value === null));
  return {
    id: 'capacity', title: 'Capacity headroom', lead: leadOf(view),
    body: html`${bars(view)}${gates.map(told)}
${missing.map(([, { what, profile }]) => absent('on', html`${what}. Measured by <code>npx artillery run --config artillery/profiles/${profile}.yml journeys.yml</code>`))}`,
  };
}

function leadOf({ record }: View): string {
  const headroom = findingOf(record, 'capacity_headroom', 'value');
  const capacity = findingOf(record, 'api_capacity', 'value');
  if (headroom?.interval == null) return 'No data: this profile does not look for the limit of the target; the stress profile does.';
  if (headroom.value === null) return 'The target did not hold even the lowest load that was sent.';
  const rate = capacity?.value == null ? '' : ` (${amount(capacity.value, '/s')} requests a second)`;
  const open = headroom.interval.high === null ? ', and its limit was not reached' : '';
  return `The target carried ${amount(headroom.value, 'x')} times the expected peak${rate}${open}.`;
}

function bars({ record, draw }: View): Markup | null {
  const capacity = findingOf(record, 'api_capacity', 'value');
  const headroom = findingOf(record, 'capacity_headroom', 'value');
  const held = capacity?.value ?? null;
  const broke = capacity?.interval?.high ?? null;
  const peak = held === null || headroom?.value == null || headroom.value === 0 ? null : held / headroom.value;
  const rates: CapacityBar[] = [
    ...(peak === null ? [] : [{ title: 'expected peak', perSecond: peak, colour: 'slate' } as const]),
    ...(held === null ? [] : [{ title: 'sustained', perSecond: held, colour: 'good' } as const]),
    ...(broke === null ? [] : [{ title: 'broke at', perSecond: broke, colour: 'bad' } as const]),
  ];
  return rates.length === 0 ? null : html`<figure class="capacity"><figcaption><strong>Requests a second</strong></figcaption>${trusted(draw(capacityChart(rates)))}</figure>`;
}

function told(gate: GateResult): Markup {
  const interval = gate.interval === null ? '' : ` ${intervalText(gate.interval, gate.unit)}`;
  return html`<p><strong>${gate.title}</strong>: ${observedText(gate)}${interval === '' ? null : html` <span class="muted">${interval}</span>`},
limit ${limitText(gate)}, ${STATUS_WORDS[gate.status]}${gate.hint === null ? null : html` (${gate.hint})`}.</p>
${gate.evidence.length === 0 ? null : html`<ul>${gate.evidence.map((one) => html`<li>${one}</li>`)}</ul>`}`;
}

/** Returns what the run cost, and what its parts did. */
export function costSection({ record }: View): Section {
  const rules = record.plan.cost;
  const found = record.findings.filter(({ metric }) => metric === 'cost');
  const gate = record.verdict.gates.find(({ metric, evidence }) => metric === 'cost' && evidence.length > 0);
  const run = findingOf(record, 'cost', 'total', { per: 'run' });
  const why = rules === undefined ? 'slo.yml gives no prices ("cost")' : 'the run recorded nothing that could be priced';
  const title = (scope: Readonly<Record<string, string>>): string =>
    (scope['per'] === 'run' ? 'this run' : scope['per'] === 'QPS' ? `${scope['service'] ?? ''}: an hour of one request a second` : `a ${scope['per'] ?? ''}`);
  return {
    id: 'cost', title: 'Cost',
    lead: run?.value == null ? `No data: ${why}.` : `This run cost ${withUnit(run.value, run.unit)}${rules === undefined ? '' : `, with a ceiling of ${withUnit(rules.ceiling, rules.currency)}`}.`,
    body: run?.value == null ? html`` : html`<dl class="terms">${found.map(({ scope, value, unit }) => html`<div><dt>${title(scope)}</dt><dd>${value === null
      ? 'no data' : withUnit(value, unit)}</dd></div>`)}</dl>${gate === undefined ? null : html`<ul>${gate.evidence.map((one) => html`<li>${one}</li>`)}</ul>`}`,
  };
}
