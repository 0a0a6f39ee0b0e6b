import type { Panel } from '../../../model/index.ts';
import { amount } from '../../text.ts';
import { STATE_COLOURS, laneChart } from '../charts/lane-chart.ts';
import { MOST_LINES, NARROW_PX, WIDE_PX, frameOf, panelChart } from '../charts/panel-chart.ts';
import type { TimeFrame } from '../charts/panel-chart.ts';
import type { Chart } from '../charts/draw.ts';
import { figure, key, list, trackKeys } from '../figure.ts';
import { clock } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { details, table } from '../table.ts';
import type { Section, View } from '../view.ts';

type PanelId = Panel['id'];

/** What the target's users met, and under it the state of the machine that made the load: all on one axis. */
const MEASURED: readonly PanelId[] =
  ['perceived', 'journeys', 'errors', 'agent', 'vitals', 'api-latency', 'api-rate', 'api-errors', 'users'];
const GENERATOR: readonly PanelId[] = ['canary', 'generator-cpu', 'generator-memory'];
/** On paper there is room for these. */
const PRINTED: readonly PanelId[] = ['perceived', 'journeys', 'errors', 'canary', 'generator-cpu'];
/** Of a run without browsers, these instead. */
const PRINTED_LANE: readonly PanelId[] = ['api-latency', 'api-rate', 'api-errors', 'generator-cpu'];

/** Why there is no such panel. */
const ABSENT: Partial<Record<PanelId, string>> = {
  'perceived': 'perceived latency: no observed user completed a step that the page could time',
  'journeys': 'journeys: no user came to an end',
  'errors': 'errors: nothing came to an end that could have failed',
  'agent': 'agent tasks: none was seen',
  'vitals': 'web vitals: no page gave one',
  'canary': 'the canary: none ran, so nothing says whether observers were undisturbed',
  'generator-cpu': 'the generator’s processor: its health was not recorded',
  'generator-memory': 'the generator’s memory: its health was not recorded',
  'users': 'users under way: none was recorded',
};
const LANE_PANELS: readonly PanelId[] = ['api-latency', 'api-rate', 'api-errors'];
const NO_LANE = 'the API lane: this plan sends no API traffic beside the browsers';
const LANE_SILENT = 'the API lane: it sent nothing';
const NO_DRILLS = 'drills: none in this plan, so no faults and no breakers were watched';

/** Returns the run over time. */
export function timelineSection(view: View): Section {
  const { record, story } = view;
  const own = story.panels.filter(({ id }) => id !== 'target');
  const disturbed = record.validity.disturbed.map(({ fromMs, toMs }) => ({ name: 'disturbed', fromMs, toMs }));
  const frames = [WIDE_PX, NARROW_PX].map((width) => frameOf(story, disturbed, width));
  const some = (ids: readonly PanelId[]): Markup[] => ids.flatMap((id) =>
    own.filter((panel) => panel.id === id).map((panel) => panelFigure(view, panel, frames)));
  const missing = absences(view, own);
  return {
    id: 'timeline', title: 'Over time', lead: leadOf(view),
    body: html`<div class="panels">${laneFigure(view, frames)}${some(MEASURED)}
<h3 class="divide">Generator health, on the same axis</h3>${some(GENERATOR)}</div>
${missing.length === 0 ? null : html`<div class="absent"><strong>No data</strong> on ${list(missing)}</div>`}
<p class="small muted no-print">${explained(view).join(' ')}</p>
${own.length === 0 ? null : details('The numbers behind these lines', numbers(view, own))}`,
  };
}

function leadOf({ record, story }: View): string {
  const some = (n: number, one: string, many: string): string => (n === 1 ? `one ${one}` : `${n} ${many}`);
  const sentences = [`${clock(record.totals.durationMs)} of load in ${some(story.phases.length, 'phase', 'phases')}.`];
  const faults = story.faults.length;
  if (faults > 0) sentences.push(`${faults === 1 ? 'One fault was' : `${faults} faults were`} put in.`);
  const spans = record.validity.disturbed.length;
  if (spans > 0) sentences.push(`Observers were disturbed in ${some(spans, 'stretch', 'stretches')}.`);
  return sentences.join(' ');
}

function explained({ record, story }: View): string[] {
  const shades = [
    'Every other phase is shaded grey',
    ...(story.faults.length > 0 ? ['faults of drills red'] : []),
    ...(record.validity.disturbed.length > 0 ? ['time in which observers were disturbed yellow: latency from there is not judged'] : []),
  ];
  return [
    `Each point is one slot of ${amount(story.slotMs / 1_000, 's')} s.`,
    'A gap is time in which nothing was measured; it is never drawn as zero.', `${shades.join(', ')}.`,
  ];
}

/** One drawing for a desk, one for a phone: letters stay readable on both. */
function both({ draw }: View, frames: readonly TimeFrame[], chart: (frame: TimeFrame) => Chart): Markup[] {
  return frames.map((frame, index) => html`<div class="${index === 0 ? 'wide' : 'narrow'}">${trusted(draw(chart(frame)))}</div>`);
}

function laneFigure(view: View, frames: readonly TimeFrame[]): Markup {
  const { breakers, faults } = view.story;
  const seen = new Set(breakers.flatMap(({ changes }) => changes.map(({ state }) => state)));
  const states = (Object.keys(STATE_COLOURS) as (keyof typeof STATE_COLOURS)[]).filter((state) => seen.has(state));
  const title = ['Phases', ...(faults.length > 0 ? ['faults'] : []), ...(breakers.length > 0 ? ['circuit breakers'] : [])].join(', ');
  const keys = states.map((state) => key(STATE_COLOURS[state], state));
  return figure({ title, unit: '', keys }, both(view, frames, (frame) => laneChart(frame, breakers)));
}

function panelFigure(view: View, panel: Panel, frames: readonly TimeFrame[]): Markup {
  const { record, story } = view;
  const more = panel.tracks.length - MOST_LINES;
  const keys = [
    trackKeys(panel.tracks.slice(0, MOST_LINES)),
    more > 0 ? html` <span class="muted">${more} more in the table</span>` : null,
  ];
  const printed = record.totals.journeys === 0 ? PRINTED_LANE : PRINTED;
  const drawn = both(view, frames, (frame) => panelChart(panel, story.slotMs, frame));
  return figure({ title: panel.title, unit: panel.unit, keys, ...(printed.includes(panel.id) ? {} : { className: 'no-print' }) }, drawn);
}

function absences({ record }: View, panels: readonly Panel[]): string[] {
  const has = (id: PanelId): boolean => panels.some((panel) => panel.id === id);
  return [
    ...Object.entries(ABSENT).flatMap(([id, why]) => (has(id as PanelId) ? [] : [why])),
    ...(LANE_PANELS.some(has) ? [] : [record.plan.api === undefined ? NO_LANE : LANE_SILENT]),
    ...(record.plan.drills === undefined ? [NO_DRILLS] : []),
  ];
}

/** Returns every value of these panels, a row a slot. */
export function numbers({ story }: View, panels: readonly Panel[]): Markup {
  const tracks = panels.flatMap((panel) => panel.tracks.map((track) => ({ panel, track })));
  const rows = Array.from({ length: story.slots }, (_, slot) => [
    clock(slot * story.slotMs),
    ...tracks.map(({ panel, track }) => {
      const value = track.values[slot] ?? null;
      return value === null ? null : amount(value, panel.unit);
    }),
  ]);
  const columns = tracks.map(({ panel, track }) =>
    ({ title: `${panel.title} · ${track.title} (${panel.unit})`, number: true as const }));
  return table('Values by slot; a dash where nothing was measured', [{ title: 'from' }, ...columns], rows);
}
