import type { Distribution, Gate, RunRecord, Story } from '../../model/index.ts';
import { createDraw } from '../html/charts/draw.ts';
import type { Chart, Draw } from '../html/charts/draw.ts';
import { WIDE_PX, frameOf, panelChart } from '../html/charts/panel-chart.ts';
import { spreadChart } from '../html/charts/spread-chart.ts';
import { waterfallChart } from '../html/charts/waterfall-chart.ts';
import { escaped } from '../html/markup.ts';
import { harmless } from '../text.ts';
import type { Attached } from './model.ts';

const TITLE_PX = 26;
const SIGNS_PX = 16;
const MARGIN_PX = 12;
const INK = '#1c1e22';
const MUTED = '#5a616b';

export interface Charts {
  /** The run over time, all panels under each other; null where there is nothing to show. */
  timeline(): Attached | null;
  /** What belongs to one gate: how its samples are spread, and the journey it is a step of. */
  ofGate(gate: Gate | undefined): Attached[];
}

/** Returns what draws a run's charts as images that stand alone. Loads the library only where there is something to draw. */
export async function createCharts(record: RunRecord, story: Story): Promise<Charts> {
  const { panels, distributions, waterfalls } = story;
  if (panels.length + distributions.length + waterfalls.length === 0) return { timeline: () => null, ofGate: () => [] };
  const draw = await createDraw();
  return {
    timeline: () => {
      if (panels.length === 0) return null;
      const disturbed = record.validity.disturbed.map(({ fromMs, toMs, reason }) => ({ name: reason, fromMs, toMs }));
      const frame = frameOf(story, disturbed, WIDE_PX);
      return image('time line of the run', panels.map((panel) => ({
        title: `${panel.title}, ${panel.unit}`,
        signs: panel.tracks.map(({ title }) => title).join(' · '),
        chart: panelChart(panel, story.slotMs, frame),
      })), draw);
    },
    ofGate: (gate) => {
      if (gate === undefined) return [];
      const spread = distributions.find((one) => isOf(gate, one));
      const limit = 'max' in gate ? gate.max : null;
      const spreads = spread ? spreadChart(spread.title, [{ title: null, spread, fill: 'blue' }], limit) : null;
      const steps = gate.metric === 'perceived_latency' ? waterfalls.find(({ journey }) => journey === gate.journey) : undefined;
      const one = (name: string, title: string, signs: string, chart: Chart): Attached =>
        image(`${name}: ${harmless(title)}`, [{ title, signs, chart }], draw);
      return [
        ...(spread && spreads ? [one('how the samples are spread', spread.title, spread.unit, spreads)] : []),
        ...(steps ? [one('where the time goes', steps.journey, 'medians', waterfallChart(steps))] : []),
      ];
    },
  };
}

const SCOPE = ['journey', 'step', 'vital', 'page', 'route', 'service'];

/** True for the distribution of what a gate limits. */
function isOf(gate: Gate, { metric, scope }: Distribution): boolean {
  if (metric !== gate.metric) return false;
  const wanted = Object.entries(gate).filter(([key, value]) => SCOPE.includes(key) && value !== undefined);
  return wanted.length === Object.keys(scope).length && wanted.every(([key, value]) => scope[key] === value);
}

interface Part {
  title: string;
  signs: string;
  chart: Chart;
}

/** An image on a ground of its own: Allure shows it on a light page or a dark one. */
function image(name: string, parts: readonly Part[], draw: Draw): Attached {
  const width = Math.max(...parts.map(({ chart }) => chart.width)) + 2 * MARGIN_PX;
  let top = MARGIN_PX;
  const drawn = parts.map(({ title, signs, chart }) => {
    const at = top;
    top += TITLE_PX + SIGNS_PX + chart.height;
    return `<text x="${MARGIN_PX}" y="${at + 17}" font-size="13" font-weight="600" fill="${INK}">${escaped(title)}</text>`
      + `<text x="${MARGIN_PX}" y="${at + TITLE_PX + 8}" font-size="11" fill="${MUTED}">${escaped(signs)}</text>`
      + draw(chart).replace('<svg ', `<svg x="${MARGIN_PX}" y="${at + TITLE_PX + SIGNS_PX}" ${sizeOf(chart)} `);
  });
  const height = top + MARGIN_PX;
  const size = sizeOf({ width, height });
  const text = `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${width} ${height}" font-family="system-ui,sans-serif">`
    + `<rect ${size} fill="#ffffff"/>${drawn.join('')}</svg>`;
  return { name, contentType: 'image/svg+xml', extension: '.svg', content: { text } };
}

function sizeOf({ width, height }: Pick<Chart, 'width' | 'height'>): string {
  return `width="${width}" height="${height}"`;
}
