import type { Distribution, Gate, Temperature } from '../../../model/index.ts';
import { count, counted, exact } from '../../text.ts';
import { spreadChart } from '../charts/spread-chart.ts';
import type { SpreadRow } from '../charts/spread-chart.ts';
import { figure, key } from '../figure.ts';
import { findingsOf, valueText } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { details, table } from '../table.ts';
import type { Section, View } from '../view.ts';

const SCOPES = ['journey', 'step', 'vital', 'page', 'route', 'service', 'kpi'] as const;
const NOT_TOLD = 'the target told of no service whether it was cold or warm '
  + '(Server-Timing: cold;dur=…;desc="…" or warm;desc="…")';

/** Returns how samples were spread: percentiles hide two humps, and a long tail. */
export function spreadSection(view: View): Section {
  const { distributions } = view.story;
  const id = 'distributions';
  const title = 'Distributions';
  if (distributions.length === 0) return { id, title, lead: 'No data: nothing was measured.', body: html`` };
  const late = distributions.some(({ censored }) => censored > 0) ? key('bad', 'known only to be beyond their deadline') : null;
  return {
    id, title, lead: `How the samples of ${counted(distributions.length, 'measure')} were spread.`,
    body: html`<p class="small muted">The dark line is p50, the grey one p95, the dashed one the limit of the gate.${late}</p>
<div class="grid">${distributions.map((one) => spreadFigure(view, one))}</div>${details('The numbers', bins(distributions))}`,
  };
}

function spreadFigure({ draw, record }: View, spread: Distribution): Markup {
  const { title, unit, censored } = spread;
  const limit = limitOf(gateOf(spread, record.plan.gates));
  const chart = spreadChart(title, [{ title: null, spread, fill: 'blue' }], limit?.value ?? null);
  const nothing = html`<p class="absent"><strong>No data</strong>: ${censored > 0 ? 'every sample is beyond its deadline' : 'no sample'}</p>`;
  const note = [...facts(spread), ...(limit === null ? [] : [`limit ${limit.text}`])].join(' · ');
  return figure({ title, unit, note }, chart === null ? nothing : trusted(draw(chart)));
}

function facts({ p50, p95, n, censored, deadlineMs, unit }: Distribution): string[] {
  const deadline = deadlineMs === null ? 'their deadline' : `their deadline of ${valueText(deadlineMs, 'ms')}`;
  return [
    `p50 ${valueText(p50, unit)}`, `p95 ${valueText(p95, unit)}`, `n ${count(n)}`,
    ...(censored === 0 ? [] : [`${count(censored)} beyond ${deadline}`]),
  ];
}

/** The gate on the same metric and exactly the same scope. */
function gateOf({ metric, scope }: Distribution, gates: readonly Gate[]): Gate | undefined {
  return gates.find((gate) => gate.metric === metric && SCOPES.every((name) => (gate as Record<string, unknown>)[name] === scope[name]));
}

function limitOf(gate: Gate | undefined): { value: number; text: string } | null {
  if (gate === undefined) return null;
  const [sign, value] = 'max' in gate ? ['≤', gate.max] as const : ['≥', gate.min] as const;
  return { value, text: `${'stat' in gate ? gate.stat : ''} ${sign} ${exact(value, gate.unit)}` };
}

function bins(distributions: readonly Distribution[]): Markup {
  const number = { number: true } as const;
  const columns = [{ title: 'measure' }, { title: 'from', ...number }, { title: 'below', ...number }, { title: 'samples', ...number }];
  return table('Samples by bin', columns, distributions.flatMap(({ title, unit, bins: all, censored }) => [
    ...all.map(({ from, to, count: samples }) => [title, valueText(from, unit), valueText(to, unit), count(samples)]),
    ...(censored > 0 ? [[title, 'beyond the deadline', '', count(censored)]] : []),
  ]));
}

/** Returns cold against warm: what the first one after a pause has to wait for. */
export function temperatureSection(view: View): Section {
  const { record, story: { temperatures } } = view;
  const id = 'cold-warm';
  const title = 'Cold against warm';
  const known = temperatures.filter(({ cold, warm }) => cold.n + warm.n > 0);
  if (known.length === 0) {
    const told = findingsOf(record, 'cold_start_incidence').reduce((sum, { n }) => sum + n, 0);
    const none = `no observed task met a cold service, of ${counted(told, 'task')} in which it could be told`;
    return { id, title, lead: `No data: ${told > 0 ? none : NOT_TOLD}.`, body: html`` };
  }
  return { id, title, lead: known.map(comparison).join(' '), body: html`<div class="grid">${known.map((one) => temperatureFigure(view, one))}</div>` };
}

function comparison({ what, unit, cold, warm }: Temperature): string {
  const side = (one: Distribution, name: string): string =>
    (one.n === 0 ? `no ${name} one was measured` : `${name} ${valueText(one.p50, unit)} (n ${count(one.n)})`);
  return `${what} at the median: ${side(cold, 'cold')}, ${side(warm, 'warm')}.`;
}

function temperatureFigure({ draw }: View, { what, unit, cold, warm }: Temperature): Markup {
  const rows: SpreadRow[] = [{ title: 'warm', spread: warm, fill: 'orange' }, { title: 'cold', spread: cold, fill: 'blue' }];
  const chart = spreadChart(what, rows, null);
  const side = (name: string, one: Distribution): Markup =>
    html`${name}: ${one.n === 0 ? 'no data, none was measured' : facts(one).join(' · ')}`;
  return figure({ title: what, unit, note: html`${side('cold', cold)}<br>${side('warm', warm)}` }, chart === null ? null : trusted(draw(chart)));
}
