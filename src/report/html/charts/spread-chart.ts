import type { Distribution } from '../../../model/index.ts';
import { amount, harmless } from '../../text.ts';
import { HIDDEN, LABEL, LINE, roundTicks } from './axes.ts';
import { boxes } from './boxes.ts';
import type { Box } from './boxes.ts';
import type { Chart } from './draw.ts';
import { colour } from './palette.ts';
import type { Colour } from './palette.ts';

const WIDTH_PX = 290;
const ROW_PX = 74;
const AXIS_PX = 20;
/** From a tenth to ten times a value, a straight axis shows nothing of the lower half. */
const LOG_FROM = 8;
/** Room at the right for samples that are known only to have exceeded their deadline. */
const BEYOND = 0.07;
const LEAST_WIDTH = 0.001;

export interface SpreadRow { title: string | null; spread: Distribution; fill: Colour }

/** Returns a distribution on one axis with its p50, p95 and, where there is one, its limit; several rows share the axis. */
export function spreadChart(title: string, rows: readonly SpreadRow[], limit: number | null): Chart | null {
  const bins = rows.flatMap(({ spread }) => spread.bins);
  const unit = rows[0]?.spread.unit ?? '';
  if (bins.length === 0) return null;
  const from = Math.min(...bins.map((bin) => bin.from));
  const high = Math.max(...bins.map((bin) => bin.to));
  // A limit far from everything would push the samples into a corner: then it is said in words only.
  const shown = limit !== null && limit > from && limit < high * 3 ? limit : null;
  // All samples alike: then they stand at the left of some width.
  const to = Math.max(high, (shown ?? 0) * 1.05, from + Math.max(Math.abs(from) * 0.1, LEAST_WIDTH));
  const isLog = from > 0 && to / from > LOG_FROM;
  const on = (value: number): number => (isLog ? Math.log10(Math.max(value, from)) : value);
  const [low, top] = [on(from), on(to)];
  const wide = top - low || 1;
  const hasBeyond = rows.some(({ spread }) => spread.censored > 0);
  const ticks = roundTicks(from, to, 5, isLog);
  const height = rows.length * ROW_PX + AXIS_PX;
  const marks = rows.flatMap(({ title: name, spread, fill }, row) => [
    ...bars(spread, row, fill, on),
    ...beyond(spread, row, top + wide * BEYOND * 0.35, top + wide * BEYOND),
    // Where they fall together, the median is the one that is seen.
    ...(spread.p95 === null ? [] : [line(on(spread.p95), row, 'shade')]),
    ...(spread.p50 === null ? [] : [line(on(spread.p50), row, 'ink')]),
    ...(name === null ? [] : [{ x: [low, low], y: [row + 0.22, row + 0.3], fill: null, text: name, place: 'above', ink: 'muted' } as const]),
  ]);
  return {
    label: harmless(`${title}: how ${rows.map(({ spread }) => `${spread.n} samples`).join(' and ')} are spread. The numbers are in the table below.`),
    width: WIDTH_PX, height,
    option: {
      grid: { left: 6, right: 16, top: 2, bottom: AXIS_PX },
      xAxis: {
        type: 'value', min: low, max: top + wide * (hasBeyond ? BEYOND : 0.02), splitLine: { show: false },
        axisLine: { onZero: false, ...LINE },
        axisTick: { customValues: ticks.map(on), length: 3, ...LINE },
        axisLabel: {
          ...LABEL, customValues: ticks.map(on), hideOverlap: true,
          formatter: (at: number) => amount(isLog ? Number((10 ** at).toPrecision(3)) : at, unit),
        },
      },
      yAxis: { ...HIDDEN, inverse: true, min: 0, max: rows.length },
      series: [
        boxes(marks),
        ...(shown === null ? [] : [limitLine(on(shown), rows.length)]),
      ],
    },
  };
}

function bars({ bins }: Distribution, row: number, fill: Colour, on: (value: number) => number): Box[] {
  const most = Math.max(1, ...bins.map(({ count }) => count));
  return bins.flatMap(({ from, to, count }): Box[] =>
    (count === 0 ? [] : [{ x: [on(from), on(to)], y: [row + 1 - 0.72 * (count / most), row + 1], fill, opacity: 0.75, leastPx: 4 }]));
}

function beyond({ censored, bins }: Distribution, row: number, from: number, to: number): Box[] {
  if (censored === 0) return [];
  const most = Math.max(1, ...bins.map(({ count }) => count));
  return [{ x: [from, to], y: [row + 1 - 0.72 * Math.min(1, censored / most), row + 1], fill: 'bad' }];
}

function line(at: number, row: number, fill: Colour): Box {
  return { x: [at, at], y: [row + 0.2, row + 1], fill, leastPx: 1.5 };
}

function limitLine(at: number, rows: number): object {
  return {
    type: 'line', silent: true, clip: false, symbol: 'none', emphasis: { disabled: true }, z: 6,
    lineStyle: { color: colour('bad'), width: 1.5, type: [4, 3] }, data: [[at, 0.08], [at, rows]],
  };
}
