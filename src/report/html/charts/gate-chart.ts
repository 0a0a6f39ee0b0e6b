import type { GateResult, GateStatus } from '../../../model/index.ts';
import { harmless } from '../../text.ts';
import { intervalText, observedText } from '../figures.ts';
import { gateScale } from '../gate-scale.ts';
import { HIDDEN } from './axes.ts';
import { boxes } from './boxes.ts';
import type { Box } from './boxes.ts';
import type { Chart } from './draw.ts';
import type { Colour } from './palette.ts';

const WIDTH_PX = 190;
const HEIGHT_PX = 18;
/** The limit is in the middle, and what is further out than twice of it is past the edge. */
const EDGE = 2;
const INNER = EDGE * 0.97;
const DOT = 0.03;

export const STATUS_COLOURS: Readonly<Record<GateStatus, Colour>> = {
  'pass': 'good', 'fail': 'bad', 'inconclusive': 'open', 'no-data': 'open', 'error': 'open',
};

/** Returns a gate's interval and value on the scale of its limit, which is the line in the middle; null where there is no such scale. */
export function gateChart(gate: GateResult): Chart | null {
  const scale = gateScale(gate);
  if (scale === null) return null;
  const { at, interval, beyond } = scale;
  const ink = STATUS_COLOURS[gate.status];
  const inside = (value: number): number => Math.max(0, Math.min(INNER, value));
  const marks: Box[] = [
    { x: [0, EDGE], y: [0.46, 0.54], fill: 'rule' },
    { x: [1, EDGE], y: [0.12, 0.88], fill: 'bad', opacity: 0.07 },
    ...(interval === null ? [] : bars(interval, inside, ink)),
    { x: [0.994, 1.006], y: [0, 1], fill: 'ink' },
    ...(at === null ? [] : dot(inside(at), beyond || at > INNER, ink)),
  ];
  const range = gate.interval === null ? '' : `, interval ${intervalText(gate.interval, gate.unit)}`;
  const sign = gate.limit.kind === 'max' ? 'at most' : 'at least';
  return {
    label: harmless(`${observedText(gate)}${range}, limit ${sign} ${gate.limit.value}`), width: WIDTH_PX, height: HEIGHT_PX,
    option: {
      grid: { left: 2, right: 2, top: 1, bottom: 1 },
      xAxis: { ...HIDDEN, min: 0, max: EDGE }, yAxis: { ...HIDDEN, min: 0, max: 1 },
      series: [boxes(marks)],
    },
  };
}

/** An open end fades: the samples do not say where it is. */
function bars({ low, high }: { low: number | null; high: number | null }, inside: (value: number) => number, fill: Colour): Box[] {
  const y: Box['y'] = [0.28, 0.72];
  const [from, to] = [inside(low ?? 0), inside(high ?? EDGE)];
  const least = Math.max(to, from + 0.015);
  return low === null || high === null
    ? [{ x: [from, least], y, fill, opacity: 0.16 }, { x: high === null ? [from, from + DOT / 2] : [least - DOT / 2, least], y, fill, opacity: 0.55 }]
    : [{ x: [from, least], y, fill, opacity: 0.38 }];
}

/** Past the edge it is doubled: it lies somewhere out there. */
function dot(at: number, isPast: boolean, fill: Colour): Box[] {
  const one = (x: number): Box => ({ x: [x - DOT / 2, x + DOT / 2], y: [0.14, 0.86], fill });
  return isPast ? [one(at - 2 * DOT), one(at)] : [one(at)];
}
