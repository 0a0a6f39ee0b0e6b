import type { Kpi, Panel } from '../../../model/index.ts';
import { counted } from '../../text.ts';
import { MOST_LINES, frameOf, panelChart } from '../charts/panel-chart.ts';
import { figure, trackKeys } from '../figure.ts';
import { findingsOf, valueText } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { details, table } from '../table.ts';
import { absent } from '../view.ts';
import type { Section, View } from '../view.ts';
import { numbers } from './timeline.ts';

const WIDTH_PX = 300;
const HEIGHT_PX = 92;
const NO_METRICS = 'this plan reads no metrics page and asks no Prometheus server (METRICS_URLS, PROMETHEUS_URL)';

/** Returns the target's own figures, one small chart each; what its exporter did not give is named. */
export function targetSection(view: View): Section {
  const { kpis, metrics } = view.record.plan;
  const id = 'target';
  const title = 'The target’s own figures';
  if (metrics === undefined || kpis.length === 0) {
    return { id, title, lead: `No data: ${metrics === undefined ? NO_METRICS : 'slo.yml names no KPI'}.`, body: html`` };
  }
  const panels = view.story.panels.filter((panel) => panel.id === 'target');
  const missing = kpis.filter((kpi) => !panels.some((panel) => panel.kpi === kpi.id));
  const names = missing.map((kpi) => kpi.title).join('; ');
  return {
    id, title, lead: `${counted(kpis.length, 'figure')} asked for, ${panels.length} with values.`,
    body: html`<div class="grid">${panels.map((panel) => panelFigure(view, panel))}</div>
${missing.length === 0 ? null : absent('for', `${names}. Their exporter gave no value in any reading.`)}
${details('The numbers', [summary(view, kpis), panels.length === 0 ? null : numbers(view, panels)])}`,
  };
}

function panelFigure({ story, draw }: View, panel: Panel): Markup {
  const chart = panelChart(panel, story.slotMs, frameOf(story, [], WIDTH_PX), HEIGHT_PX);
  const keys = panel.tracks.length < 2 ? null : trackKeys(panel.tracks.slice(0, MOST_LINES));
  return figure({ title: panel.title, unit: panel.unit, keys }, trusted(draw(chart)));
}

function summary({ record }: View, kpis: readonly Kpi[]): Markup {
  const rows = kpis.map(({ id, title, unit, source }) => {
    const found = findingsOf(record, 'kpi', { kpi: id });
    const of = (stat: string): string => valueText(found.find((one) => one.stat === stat)?.value, unit);
    return [title, of('mean'), of('min'), of('max'), of('p95'), found[0]?.n ?? 0, found[0]?.unmeasured ?? 0, source];
  });
  const number = { number: true } as const;
  return table('Figures of the target; a dash where it gave none', [
    { title: 'figure' }, { title: 'mean', ...number }, { title: 'least', ...number }, { title: 'most', ...number },
    { title: 'p95', ...number }, { title: 'readings', ...number }, { title: 'without a value', ...number },
    { title: 'why it is looked at' },
  ], rows);
}
