import type { Panel } from '../../../model/index.ts';
import { amount } from '../../text.ts';
import { STATE_COLOURS, laneChart } from '../charts/lane-chart.ts';
import { trackColours } from '../charts/palette.ts';
import type { Colour } from '../charts/palette.ts';
import { MOST_LINES, NARROW_PX, WIDE_PX, frameOf, panelChart } from '../charts/panel-chart.ts';
import type { TimeFrame } from '../charts/panel-chart.ts';
import { clock } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { details, table } from '../table.ts';
import type { Section, View } from '../view.ts';

type PanelId = Panel['id'];

/** What the target's users met, and under it the state of the machine that made the load: all on one axis. */
const MEASURED: readonly PanelId[] = ['perceived', 'journeys', 'errors', 'agent', 'vitals', 'api-latency', 'api-rate', 'api-errors', 'users'];
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
  'users': 'active users: the generator’s health was not recorded',
};
const NO_LANE = 'the API lane: this plan sends no API traffic beside the browsers';
const LANE_SILENT = 'the API lane: it sent nothing';

/** Returns the run over time. */
export function timelineSection(view: View): Section {
  const { record, story } = view;
  const own = story.panels.filter(({ id }) => id !== 'target');
  const disturbed = record.validity.disturbed.map(({ fromMs, toMs }) => ({ name: 'disturbed', fromMs, toMs }));
  const frames = [WIDE_PX, NARROW_PX].map((width) => frameOf(story, disturbed, width));
  const some = (ids: readonly PanelId[]): Markup[] => ids.flatMap((id) => own.filter((panel) => panel.id === id).map((panel) => panelFigure(view, panel, frames)));
  const missing = absences(view, own);
  return {
    id: 'timeline', title: 'Over time', lead: leadOf(view),
    body: html`<div class="panels">${laneFigure(view, frames)}${some(MEASURED)}
<h3 class="divide">Generator health, on the same axis</h3>${some(GENERATOR)}</div>
${missing.length === 0 ? null : html`<div class="absent"><strong>No data</strong> on <ul>${missing.map((one) => html`<li>${one}</li>`)}</ul></div>`}
<p class="small muted no-print">Each point is one slot of ${amount(story.slotMs / 1_000, 's')} s. A gap is time in which nothing was measured; it is never drawn as zero.
Every other phase is shaded grey${story.faults.length > 0 ? ', faults of drills red' : ''}${disturbed.length > 0 ? ', time in which observers were disturbed yellow: latency from there is not judged' : ''}.</p>
${own.length === 0 ? null : details('The numbers behind these lines', numbers(view, own))}`,
  };
}

function leadOf({ record, story }: View): string {
  const spans = record.validity.disturbed.length;
  const disturbed = spans === 0 ? '' : ` Observers were disturbed in ${spans === 1 ? 'one stretch' : `${spans} stretches`}.`;
  const faults = story.faults.length === 0 ? '' : ` ${story.faults.length === 1 ? 'One fault was' : `${story.faults.length} faults were`} put in.`;
  return `${clock(record.totals.durationMs)} of load in ${story.phases.length === 1 ? 'one phase' : `${story.phases.length} phases`}.${faults}${disturbed}`;
}

/** One drawing for a desk, one for a phone: letters stay readable on both. */
function both(view: View, frames: readonly TimeFrame[], chart: (frame: TimeFrame) => Parameters<View['draw']>[0]): Markup {
  return trusted(frames.map((frame, index) => `<div class="${index === 0 ? 'wide' : 'narrow'}">${view.draw(chart(frame))}</div>`).join(''));
}

function laneFigure(view: View, frames: readonly TimeFrame[]): Markup {
  const { breakers, faults } = view.story;
  const states = new Set(breakers.flatMap(({ changes }) => changes.map(({ state }) => state)));
  const keys = (Object.keys(STATE_COLOURS) as (keyof typeof STATE_COLOURS)[]).filter((state) => states.has(state));
  const title = ['Phases', ...(faults.length > 0 ? ['faults'] : []), ...(breakers.length > 0 ? ['circuit breakers'] : [])].join(', ');
  return html`<figure><figcaption><strong>${title}</strong>${keys.map((state) => key(STATE_COLOURS[state], state))}</figcaption>${both(view, frames, (frame) => laneChart(frame, breakers))}</figure>`;
}

function panelFigure(view: View, panel: Panel, frames: readonly TimeFrame[]): Markup {
  const shown = panel.tracks.slice(0, MOST_LINES);
  const colours = trackColours(shown.map(({ id }) => id));
  const more = panel.tracks.length - shown.length;
  const printed = view.record.totals.journeys === 0 ? PRINTED_LANE : PRINTED;
  return html`<figure${printed.includes(panel.id) ? null : trusted(' class="no-print"')}><figcaption><strong>${panel.title}</strong> <span class="muted">${panel.unit}</span>${shown.map(
    ({ title }, index) => key(colours[index] ?? 'blue', title))}${more > 0 ? html` <span class="muted">${more} more in the table</span>` : null}</figcaption>${both(view, frames,
    (frame) => panelChart(panel, view.story.slotMs, frame))}</figure>`;
}

/** A line's colour and name. */
export function key(colour: Colour, title: string): Markup {
  return html` <span class="key"><i class="k-${colour}"></i>${title}</span>`;
}

function absences({ record }: View, panels: readonly Panel[]): string[] {
  const has = (id: PanelId): boolean => panels.some((panel) => panel.id === id);
  const lane = (['api-latency', 'api-rate', 'api-errors'] as const).some(has) ? [] : [record.plan.api === undefined ? NO_LANE : LANE_SILENT];
  const drills = record.plan.drills === undefined ? ['drills: none in this plan, so no faults and no breakers were watched'] : [];
  return [...Object.entries(ABSENT).flatMap(([id, why]) => (has(id as PanelId) ? [] : [why])), ...lane, ...drills];
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
  const columns = [{ title: 'from' }, ...tracks.map(({ panel, track }) => ({ title: `${panel.title} · ${track.title} (${panel.unit})`, number: true as const }))];
  return table('Values by slot; a dash where nothing was measured', columns, rows);
}
