import type { Kpi, Panel } from '../../../model/index.ts';
import { counted } from '../../text.ts';
import { trackColours } from '../charts/palette.ts';
import { MOST_LINES, frameOf, panelChart } from '../charts/panel-chart.ts';
import { findingsOf, valueText } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { details, table } from '../table.ts';
import type { Section, View } from '../view.ts';
import { absent } from '../view.ts';
import { key, numbers } from './timeline.ts';

const WIDTH_PX = 300;
const HEIGHT_PX = 92;

/** Returns the target's own figures, one small chart each; what its exporter did not give is named. */
export function targetSection(view: View): Section {
  const { record, story } = view;
  const { kpis, metrics } = record.plan;
  const panels = story.panels.filter(({ id }) => id === 'target');
  const missing = kpis.filter(({ id }) => !panels.some(({ kpi }) => kpi === id));
  const nothing = metrics === undefined || kpis.length === 0;
  const why = metrics === undefined ? 'this plan reads no metrics page and asks no Prometheus server (METRICS_URLS, PROMETHEUS_URL)' : 'slo.yml names no KPI';
  return {
    id: 'target', title: 'The target’s own figures',
    lead: nothing ? `No data: ${why}.` : `${counted(kpis.length, 'figure')} asked for, ${panels.length} with values.`,
    body: nothing ? html`` : html`<div class="grid">${panels.map((panel) => figure(view, panel))}</div>
${missing.length === 0 ? null : absent('for', `${missing.map(({ title }) => title).join('; ')}. Their exporter gave no value in any reading.`)}
${details('The numbers', html`${summary(view, kpis)}${panels.length === 0 ? null : numbers(view, panels)}`)}`,
  };
}

function figure(view: View, panel: Panel): Markup {
  const frame = frameOf(view.story, [], WIDTH_PX);
  const colours = trackColours(panel.tracks.map(({ id }) => id));
  const keys = panel.tracks.length < 2 ? [] : panel.tracks.slice(0, MOST_LINES).map(({ title }, index) => key(colours[index] ?? 'blue', title));
  return html`<figure><figcaption><strong>${panel.title}</strong> <span class="muted">${panel.unit}</span>${keys}</figcaption>${trusted(
    view.draw(panelChart(panel, view.story.slotMs, frame, HEIGHT_PX)))}</figure>`;
}

function summary({ record }: View, kpis: readonly Kpi[]): Markup {
  const rows = kpis.map(({ id, title, unit, source }) => {
    const found = findingsOf(record, 'kpi', { kpi: id });
    const of = (stat: string): string => valueText(found.find((one) => one.stat === stat)?.value, unit);
    const n = found[0]?.n ?? 0;
    return [title, of('mean'), of('min'), of('max'), of('p95'), n, found[0]?.unmeasured ?? 0, source];
  });
  const number = { number: true } as const;
  return table('Figures of the target; a dash where it gave none', [
    { title: 'figure' }, { title: 'mean', ...number }, { title: 'least', ...number }, { title: 'most', ...number }, { title: 'p95', ...number },
    { title: 'readings', ...number }, { title: 'without a value', ...number }, { title: 'why it is looked at' },
  ], rows);
}
