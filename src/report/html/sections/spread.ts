import type { Distribution, Gate, Temperature } from '../../../model/index.ts';
import { count, counted, exact } from '../../text.ts';
import { spreadChart } from '../charts/spread-chart.ts';
import type { SpreadRow } from '../charts/spread-chart.ts';
import { findingsOf, valueText } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { details, table } from '../table.ts';
import type { Section, View } from '../view.ts';
import { key } from './timeline.ts';

/** Returns how samples were spread: percentiles hide two humps, and a long tail. */
export function spreadSection(view: View): Section {
  const { distributions } = view.story;
  return {
    id: 'distributions', title: 'Distributions',
    lead: distributions.length === 0 ? 'No data: nothing was measured often enough to show a spread.' : `How ${counted(distributions.length, 'measure')} were spread.`,
    body: distributions.length === 0 ? html`` : html`<p class="small muted">The dark line is p50, the grey one p95, the dashed one the limit
of the gate.${distributions.some(({ censored }) => censored > 0) ? html`${key('bad', 'known only to be beyond their deadline')}` : null}</p>
<div class="grid">${distributions.map((one) => spreadFigure(view, one))}</div>${details('The numbers', bins(distributions))}`,
  };
}

function spreadFigure({ draw, record }: View, spread: Distribution): Markup {
  const gate = gateOf(spread, record.plan.gates);
  const limit = gate === undefined ? null : 'max' in gate ? gate.max : 'min' in gate ? gate.min : null;
  const chart = spreadChart(spread.title, [{ title: null, spread, fill: 'blue' }], limit);
  const stat = gate !== undefined && 'stat' in gate ? gate.stat : '';
  const sign = gate !== undefined && 'min' in gate ? '≥' : '≤';
  const facts = [...figures(spread), ...(limit === null ? [] : [`limit ${stat} ${sign} ${exact(limit, spread.unit)}`])];
  return html`<figure><figcaption><strong>${spread.title}</strong> <span class="muted">${spread.unit === 'score' ? '' : spread.unit}</span></figcaption>
${chart === null ? html`<p class="absent"><strong>No data</strong>: ${spread.censored > 0 ? 'every sample is beyond its deadline' : 'no sample'}</p>` : trusted(draw(chart))}
<p class="small muted">${facts.join(' · ')}</p></figure>`;
}

function figures({ p50, p95, n, censored, deadlineMs, unit }: Distribution): string[] {
  const deadline = deadlineMs === null ? 'their deadline' : `their deadline of ${valueText(deadlineMs, 'ms')}`;
  return [
    `p50 ${valueText(p50, unit)}`, `p95 ${valueText(p95, unit)}`, `n ${count(n)}`, ...(censored === 0 ? [] : [`${count(censored)} beyond ${deadline}`]),
  ];
}

/** The gate on the same metric and exactly the same scope. */
function gateOf({ metric, scope }: Distribution, gates: readonly Gate[]): Gate | undefined {
  const keys = ['journey', 'step', 'vital', 'page', 'route', 'service', 'kpi'];
  return gates.find((gate) => gate.metric === metric && keys.every((name) => (gate as Record<string, unknown>)[name] === scope[name]));
}

function bins(distributions: readonly Distribution[]): Markup {
  const number = { number: true } as const;
  return table('Samples by bin', [{ title: 'measure' }, { title: 'from', ...number }, { title: 'below', ...number }, { title: 'samples', ...number }],
    distributions.flatMap(({ title, unit, bins: all, censored }) => [
      ...all.map(({ from, to, count: samples }) => [title, valueText(from, unit), valueText(to, unit), count(samples)]),
      ...(censored > 0 ? [[title, 'beyond the deadline', '', count(censored)]] : []),
    ]));
}

/** Returns cold against warm: what the first one after a pause has to wait for. */
export function temperatureSection(view: View): Section {
  const { record, story: { temperatures } } = view;
  const told = findingsOf(record, 'cold_start_incidence').reduce((sum, { n }) => sum + n, 0);
  const known = temperatures.filter(({ cold, warm }) => cold.n + cold.censored + warm.n + warm.censored > 0);
  const why = told > 0 ? `no observed task met a cold service, of ${counted(told, 'task')} in which it could be told` : 'the target told of no service whether it was cold or warm (Server-Timing: cold;dur=…;desc="…" or warm;desc="…")';
  return {
    id: 'cold-warm', title: 'Cold against warm', lead: known.length === 0 ? `No data: ${why}.` : known.map(comparison).join(' '),
    body: known.length === 0 ? html`` : html`<div class="grid">${known.map((one) => temperatureFigure(view, one))}</div>`,
  };
}

function comparison({ what, unit, cold, warm }: Temperature): string {
  const side = (one: Distribution, name: string): string => (one.n === 0 ? `no ${name} one was measured` : `${name} ${valueText(one.p50, unit)} (n ${count(one.n)})`);
  return `${what} at the median: ${side(cold, 'cold')}, ${side(warm, 'warm')}.`;
}

function side(name: string, one: Distribution): Markup {
  return html`${name}: ${one.n === 0 ? 'no data, none was measured' : figures(one).join(' · ')}`;
}

function temperatureFigure({ draw }: View, { what, unit, cold, warm }: Temperature): Markup {
  const rows: SpreadRow[] = [{ title: 'warm', spread: warm, fill: 'orange' }, { title: 'cold', spread: cold, fill: 'blue' }];
  const chart = spreadChart(what, rows, null);
  return html`<figure><figcaption><strong>${what}</strong> <span class="muted">${unit}</span></figcaption>${chart === null ? null : trusted(draw(chart))}
<p class="small muted">${side('cold', cold)}<br>${side('warm', warm)}</p></figure>`;
}
