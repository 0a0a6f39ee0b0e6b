import type { Waterfall, WaterfallStep } from '../../../model/index.ts';
import { amount, harmless } from '../../text.ts';
import { HIDDEN, LABEL, LINE, SPLIT, roundTicks } from './axes.ts';
import { boxes } from './boxes.ts';
import type { Box } from './boxes.ts';
import type { Chart } from './draw.ts';
import type { Colour } from './palette.ts';

/** Where the time went, in the order in which it is drawn. */
export const PARTS: readonly { key: 'serverMs' | 'networkMs' | 'renderMs'; title: string; colour: Colour }[] = [
  { key: 'serverMs', title: 'server', colour: 'blue' },
  { key: 'networkMs', title: 'network', colour: 'teal' },
  { key: 'renderMs', title: 'rendering', colour: 'orange' },
];
const ROW_WIDTH_PX = 300;
const ROW_HEIGHT_PX = 22;
const WIDTH_PX = 820;
const STEP_PX = 40;

/** A step where it begins: each follows the median of the ones before it. */
export interface PlacedStep { step: WaterfallStep; fromMs: number }

/** Returns a journey's steps in their places, and where the last one ends, at its p95. */
export function placed({ steps }: Waterfall): { steps: PlacedStep[]; endMs: number } {
  let fromMs = 0;
  let endMs = 1;
  const all = steps.map((step) => {
    const one = { step, fromMs };
    fromMs += step.p50Ms ?? 0;
    endMs = Math.max(endMs, one.fromMs + Math.max(step.p95Ms ?? 0, step.p50Ms ?? 0));
    return one;
  });
  return { steps: all, endMs };
}

/** The median, split by the medians of its parts; a thin line up to p95. */
function stepBoxes({ step, fromMs }: PlacedStep, row: number): Box[] {
  const { p50Ms, p95Ms, parts, clock } = step;
  if (p50Ms === null) return [];
  const y: Box['y'] = [row + 0.2, row + 0.8];
  const end: Box['x'] = [fromMs + p50Ms, fromMs + Math.max(p50Ms, p95Ms ?? 0)];
  const tail: Box[] = p95Ms === null ? [] : [{ x: end, y: [row + 0.46, row + 0.54], fill: 'shade' }];
  // A driver's time is no perceived latency, so it does not look like one.
  if (clock === 'driver') return [...tail, { x: [fromMs, fromMs + p50Ms], y, fill: 'shade', opacity: 0.12, stroke: 'shade' }];
  const sum = parts === null ? 0 : parts.serverMs + parts.networkMs + parts.renderMs;
  if (parts === null || sum <= 0) return [...tail, { x: [fromMs, fromMs + p50Ms], y, fill: 'slate', opacity: 0.7 }];
  let at = fromMs;
  const bars = PARTS.map(({ key, colour }): Box => {
    const x: Box['x'] = [at, at + (p50Ms * parts[key]) / sum];
    at = x[1];
    return { x, y, fill: colour };
  });
  return [...tail, ...bars];
}

/** Returns one step on the axis of its journey. */
export function stepChart(one: PlacedStep, endMs: number): Chart {
  const { step, p50Ms } = one.step;
  return {
    label: harmless(`${step}: from ${amount(one.fromMs, 'ms')} ms on, p50 ${p50Ms === null ? 'unknown' : `${amount(p50Ms, 'ms')} ms`}`),
    width: ROW_WIDTH_PX, height: ROW_HEIGHT_PX,
    option: {
      grid: { left: 1, right: 1, top: 0, bottom: 0 },
      xAxis: { ...HIDDEN, min: 0, max: endMs }, yAxis: { ...HIDDEN, inverse: true, min: 0, max: 1 },
      series: [boxes([...stepBoxes(one, 0)])],
    },
  };
}

/** Returns a whole journey as one chart, for a place where there is no table around it. */
export function waterfallChart(waterfall: Waterfall): Chart {
  const { steps, endMs } = placed(waterfall);
  const height = steps.length * STEP_PX + 34;
  const ticks = roundTicks(0, endMs, 8, false);
  const names = steps.map(({ step }, row): Box => ({ x: [0, 0], y: [row + 0.42, row + 0.9], fill: null, text: nameOf(step), place: 'above' }));
  // Half as high as its row, below the name.
  const bars = steps.flatMap((one, row) => stepBoxes(one, row).map((box): Box =>
    ({ ...box, y: [(box.y[0] + row) / 2 + 0.42, (box.y[1] + row) / 2 + 0.42] })));
  return {
    label: harmless(`${waterfall.journey}: its steps one after the other, by the medians of the users who were observed`), width: WIDTH_PX, height,
    option: {
      grid: { left: 8, right: 20, top: 6, bottom: 24 },
      xAxis: {
        type: 'value', min: 0, max: endMs, splitLine: SPLIT, axisLine: LINE, axisTick: { customValues: ticks, ...LINE },
        axisLabel: { ...LABEL, customValues: ticks, formatter: (ms: number) => `${amount(ms, 'ms')} ms` },
      },
      yAxis: { ...HIDDEN, inverse: true, min: 0, max: Math.max(1, steps.length) },
      series: [boxes([...bars, ...names])],
    },
  };
}

function nameOf({ step, p50Ms, p95Ms, n, clock }: WaterfallStep): string {
  const ms = (value: number | null): string => (value === null ? '–' : `${amount(value, 'ms')} ms`);
  return harmless(`${step}   p50 ${ms(p50Ms)} · p95 ${ms(p95Ms)} · n ${n}${clock === 'driver' ? ' · driver’s clock' : ''}`);
}
