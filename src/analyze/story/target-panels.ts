import type { Plan } from '../../model/index.ts';
import type { PanelMaker } from './latency-panels.ts';
import { LeastNames } from './least.ts';
import { MeanSlots } from './means.ts';
import { panelOf } from './slots.ts';

/** More lines than this on one axis nobody can tell apart. */
const MOST_TRACKS = 8;
/** Labels are the target's to write. */
const MOST_CHARACTERS = 200;

interface Series {
  means: MeanSlots;
  title: string;
}

/** The target's own figures over time: a panel a KPI of the plan, a track a set of labels. */
export function createTargetPanels(plan: Plan): PanelMaker {
  const everyMs = plan.metrics?.everyMs ?? 0;
  const kpis = new Map(plan.kpis.map(({ id }) =>
    [id, new LeastNames<Series>(MOST_TRACKS, () => ({ means: new MeanSlots(everyMs), title: '' }))]));
  return {
    add(one) {
      if (one.kind !== 'server') return;
      const labels = Object.entries(one.labels).sort(([a], [b]) => (a < b ? -1 : 1));
      const name = labels.map(([label, value]) => `${label}=${value}`).join(', ');
      const series = kpis.get(one.metric)?.at(name.slice(0, MOST_CHARACTERS));
      if (!series) return;
      series.title = labels.map(([, value]) => value).join(', ').slice(0, MOST_CHARACTERS);
      series.means.add(one.tMs, one.value);
    },
    panels: (grid) => plan.kpis.flatMap(({ id, title, unit }) => {
      const series = kpis.get(id);
      const shown = series?.cut === true ? `${title} (the first ${MOST_TRACKS} series by name)` : title;
      const tracks = (series?.entries() ?? []).map(([name, { means, title: label }]) =>
        means.track(grid, name === '' ? { id, title } : { id: name, title: label }));
      return panelOf({ id: 'target', kpi: id, title: shown, unit }, tracks);
    }),
  };
}
