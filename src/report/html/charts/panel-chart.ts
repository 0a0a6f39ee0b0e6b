import type { Panel, Stretch, Story } from '../../../model/index.ts';
import { amount } from '../../text.ts';
import { LABEL, LINE, SPLIT, timeTicks, tickText } from './axes.ts';
import { boxes } from './boxes.ts';
import type { Box } from './boxes.ts';
import type { Chart } from './draw.ts';
import { colour, trackColours } from './palette.ts';

/** What every chart over the run's time shares, so that they stand exactly under each other. */
export interface TimeFrame {
  endMs: number;
  phases: readonly Stretch[];
  faults: readonly Stretch[];
  /** Stretches in which observers were disturbed, so that latency does not count. */
  disturbed: readonly Stretch[];
  width: number;
}

export const WIDE_PX = 820;
export const NARROW_PX = 400;
const LEFT_PX = 70;
const RIGHT_PX = 14;
const HEIGHT_PX = 112;
const AXIS_PX = 20;
/** A long run has phases that are short beside it; more lines than this in a panel are not told apart. */
export const MOST_LINES = 6;
const DECIMALS = 6;

/** Returns the frame of a story's charts. It ends with the last phase or the last slot, whichever is later. */
export function frameOf({ slotMs, slots, phases, faults }: Story, disturbed: readonly Stretch[], width: number): TimeFrame {
  const endMs = Math.max(slotMs * slots, ...phases.map(({ toMs }) => toMs), 1_000);
  return { endMs, phases, faults, disturbed, width };
}

/** Returns the parts of an option that place a chart on the run's time. */
export function timeAxis({ endMs, width }: TimeFrame, height: number): Record<string, unknown> {
  const ticks = timeTicks(endMs, Math.max(3, Math.floor(width / 90)));
  return {
    grid: { left: LEFT_PX, right: RIGHT_PX, top: 8, bottom: AXIS_PX, height: height - AXIS_PX - 8 },
    xAxis: {
      type: 'value', min: 0, max: endMs, axisLine: { show: true, onZero: false, ...LINE },
      axisTick: { show: true, customValues: ticks, length: 3, ...LINE }, splitLine: { show: false },
      axisLabel: { ...LABEL, customValues: ticks, formatter: (ms: number) => tickText(ms, endMs), hideOverlap: true },
    },
  };
}

/** Every other phase is shaded, faults in red, disturbed stretches in yellow: behind everything, over the whole height. */
export function shading({ endMs, phases, faults, disturbed }: TimeFrame, y: readonly [number, number], withDisturbed: boolean): Box[] {
  const stretch = ({ fromMs, toMs }: Stretch, fill: Box['fill'], opacity: number): Box =>
    ({ x: [Math.min(fromMs, endMs), Math.min(toMs, endMs)], y, fill, opacity });
  return [
    ...phases.flatMap((one, index) => (index % 2 === 0 ? [stretch(one, 'shade', 0.09)] : [])),
    ...faults.map((one) => stretch(one, 'bad', 0.12)),
    ...(withDisturbed ? disturbed.map((one) => stretch(one, 'open', 0.22)) : []),
  ];
}

/** Panels whose figures come from observers: what they say of a disturbed stretch is not judged. */
const OBSERVED = new Set<Panel['id']>(['perceived', 'vitals', 'agent', 'canary']);

/** Returns the chart of one panel. Gaps are gaps: a value with nothing on either side is a dot. */
export function panelChart(panel: Panel, slotMs: number, frame: TimeFrame, height = HEIGHT_PX): Chart {
  const tracks = panel.tracks.slice(0, MOST_LINES);
  const colours = trackColours(tracks.map(({ id }) => id));
  const { low, high, step } = extent(tracks.flatMap(({ values }) => values));
  return {
    label: `${panel.title} (${panel.unit}) over the run: ${tracks.map(({ title }) => title).join(', ')}. The numbers are in the table below.`,
    width: frame.width, height,
    option: {
      ...timeAxis(frame, height),
      yAxis: {
        type: 'value', min: low, max: high, interval: step, splitLine: SPLIT, axisLine: { show: false }, axisTick: { show: false },
        axisLabel: { ...LABEL, formatter: (value: number) => axisText(value, panel.unit) },
      },
      series: [
        boxes(shading(frame, [low, high], OBSERVED.has(panel.id)), -2),
        ...tracks.map(({ values }, index) => {
          const shade = colour(colours[index] ?? 'blue');
          return {
            type: 'line', clip: false, silent: true, emphasis: { disabled: true }, connectNulls: false, showSymbol: true, symbolSize: 3.5,
            lineStyle: { width: 1.6, color: shade }, itemStyle: { color: shade }, z: 3 + index,
            data: values.map((value, slot) => ({
              value: [Math.min((slot + 0.5) * slotMs, frame.endMs), value ?? NaN],
              symbol: value !== null && isAlone(values, slot) ? 'circle' : 'none',
            })),
          };
        }),
      ],
    },
  };
}

function isAlone(values: readonly (number | null)[], at: number): boolean {
  return (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null;
}

/** From zero to the next round step, below zero only where there is something; never without any height. */
function extent(values: readonly (number | null)[]): { low: number; high: number; step: number } {
  const known = values.filter((value) => value !== null);
  const most = known.reduce((a, b) => Math.max(a, b), 0);
  const least = known.reduce((a, b) => Math.min(a, b), 0);
  const step = roundUp((most - least) / 3);
  const [low, high] = [Math.floor(least / step + 1e-9) * step, Math.ceil(most / step - 1e-9) * step];
  return { low, high: high > low ? high : low + step, step };
}

function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((one) => one * power >= value - 1e-12) ?? 10) * power;
}

function axisText(value: number, unit: string): string {
  if (unit === 'ms' || Math.abs(value) >= 100) return amount(value, unit === '%' ? '' : unit);
  return String(Number(value.toFixed(DECIMALS)));
}
