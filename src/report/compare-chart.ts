import type { ComparedRow } from '../model/index.ts';
import { boundsText, shiftText } from './compare-lines.ts';
import { HIDDEN } from './html/charts/axes.ts';
import { boxes } from './html/charts/boxes.ts';
import type { Box } from './html/charts/boxes.ts';
import type { Chart } from './html/charts/draw.ts';
import type { Colour } from './html/charts/palette.ts';
import { harmless } from './text.ts';

const WIDTH_PX = 190;
const HEIGHT_PX = 18;
/** The margin takes a quarter of either half. */
const EDGE = 4;
const DOT = 0.12;
const COLOURS: Record<ComparedRow['result'], Colour> = { worse: 'bad', better: 'good', same: 'slate', "can't tell": 'open' };

/** Returns a shift and its interval on the scale of its margin, which is the band in the middle; null where there is no such scale. */
export function shiftChart(row: ComparedRow): Chart | null {
  const { shift, margin, result } = row;
  if (shift === null || margin <= 0) return null;
  const at = (value: number): number => Math.max(-EDGE * 0.98, Math.min(EDGE * 0.98, value / margin));
  const fill = COLOURS[result];
  const range = (low: number, high: number): [number, number] => [low, Math.max(high, low + DOT / 2)];
  const marks: Box[] = [
    { x: [-EDGE, EDGE], y: [0.46, 0.54], fill: 'rule' },
    { x: [-1, 1], y: [0.1, 0.9], fill: 'slate', opacity: 0.15 },
    { x: [-0.02, 0.02], y: [0, 1], fill: 'ink' },
    ...(shift.low === null || shift.high === null ? [] : [{ x: range(at(shift.low), at(shift.high)), y: [0.28, 0.72] as const, fill, opacity: 0.4 }]),
    { x: [at(shift.value) - DOT / 2, at(shift.value) + DOT / 2], y: [0.12, 0.88], fill },
  ];
  return {
    label: harmless(`shift ${shiftText(row)} ${boundsText(row)}`), width: WIDTH_PX, height: HEIGHT_PX,
    option: {
      grid: { left: 2, right: 2, top: 1, bottom: 1 },
      xAxis: { ...HIDDEN, min: -EDGE, max: EDGE }, yAxis: { ...HIDDEN, min: 0, max: 1 },
      series: [boxes(marks)],
    },
  };
}
