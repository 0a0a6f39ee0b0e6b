import type { GateResult } from '../../../model/index.ts';
import { amount } from '../../text.ts';
import { capacityChart } from '../charts/capacity-chart.ts';
import type { CapacityBar } from '../charts/capacity-chart.ts';
import { figure, list } from '../figure.ts';
import { findingOf, intervalText, observedText } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { absent } from '../view.ts';
import type { Section, View } from '../view.ts';
import { STATUS_WORDS, limitText } from '../words.ts';

/** What each is, for a run that did not look for it, and which profile does. */
const ELSEWHERE: Readonly<Record<string, { what: string; profile: string }>> = {
  capacity_headroom: { what: 'capacity: the load was not raised until the target gave way', profile: 'stress' },
  recovery_time: { what: 'recovery: there was no spike to recover from', profile: 'spike' },
  latency_drift: { what: 'drift: only a long steady run can show any', profile: 'soak' },
};

/** Returns how much more the target carries, how soon it recovers and whether it drifts, with what was found out on the way. */
export function capacitySection(view: View): Section {
  const { verdict, findings } = view.record;
  const gates = verdict.gates.filter(({ metric }) => metric in ELSEWHERE);
  const known = new Set([...gates, ...findings.filter(({ value }) => value !== null)].map(({ metric }) => metric));
  const missing = Object.entries(ELSEWHERE).filter(([metric]) => !known.has(metric)).map(([, { what, profile }]) =>
    absent('on', html`${what}. Measured by <code>npx artillery run --config artillery/profiles/${profile}.yml journeys.yml</code>`));
  return { id: 'capacity', title: 'Capacity headroom', lead: leadOf(view), body: html`${bars(view)}${gates.map(told)}${missing}` };
}

function leadOf({ record }: View): string {
  const headroom = findingOf(record, 'capacity_headroom', 'value');
  const capacity = findingOf(record, 'api_capacity', 'value')?.value ?? null;
  if (headroom === undefined) return 'No data: this profile does not look for the limit of the target; the stress profile does.';
  if (headroom.interval === null) return 'No data: the API lane sent nothing that could rise.';
  if (headroom.value === null) return 'The target did not hold even the lowest load that was sent.';
  const rate = capacity === null ? '' : ` (${amount(capacity, '/s')} requests a second)`;
  const open = headroom.interval.high === null ? ', and its limit was not reached' : '';
  return `The target carried ${amount(headroom.value, 'x')} times the expected peak${rate}${open}.`;
}

function bars({ record, draw }: View): Markup | null {
  const capacity = findingOf(record, 'api_capacity', 'value');
  const headroom = findingOf(record, 'capacity_headroom', 'value')?.value ?? 0;
  const held = capacity?.value ?? null;
  const broke = capacity?.interval?.high ?? null;
  const rates: CapacityBar[] = [
    ...(held === null || headroom === 0 ? [] : [{ title: 'expected peak', perSecond: held / headroom, colour: 'slate' } as const]),
    ...(held === null ? [] : [{ title: 'sustained', perSecond: held, colour: 'good' } as const]),
    ...(broke === null ? [] : [{ title: 'broke at', perSecond: broke, colour: 'bad' } as const]),
  ];
  const options = { title: 'Requests a second', unit: '', className: 'capacity' } as const;
  return rates.length === 0 ? null : figure(options, trusted(draw(capacityChart(rates))));
}

function told(gate: GateResult): Markup {
  const interval = gate.interval === null ? null : html` <span class="muted">${intervalText(gate.interval, gate.unit)}</span>`;
  const hint = gate.hint === null ? null : html` (${gate.hint})`;
  return html`<p><strong>${gate.title}</strong>: ${observedText(gate)}${interval}, limit ${limitText(gate)},
${STATUS_WORDS[gate.status]}${hint}.</p>${list(gate.evidence)}`;
}
