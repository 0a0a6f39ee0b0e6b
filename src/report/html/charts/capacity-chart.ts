import { amount } from '../../text.ts';
import { HIDDEN } from './axes.ts';
import { boxes } from './boxes.ts';
import type { Chart } from './draw.ts';
import type { Colour } from './palette.ts';

const WIDTH_PX = 560;
const ROW_PX = 26;
const LABEL_SHARE = 0.34;

export interface CapacityBar { title: string; perSecond: number; colour: Colour }

/** Returns rates as bars on one axis: the peak that is expected, what was sustained, where it broke. */
export function capacityChart(rates: readonly CapacityBar[]): Chart {
  const most = Math.max(1, ...rates.map(({ perSecond }) => perSecond));
  return {
    label: rates.map(({ title, perSecond }) => `${title} ${amount(perSecond, '/s')} a second`).join(', '),
    width: WIDTH_PX, height: rates.length * ROW_PX,
    option: {
      grid: { left: 0, right: 70, top: 0, bottom: 0 },
      xAxis: { ...HIDDEN, min: -most * LABEL_SHARE, max: most }, yAxis: { ...HIDDEN, inverse: true, min: 0, max: rates.length },
      series: [boxes(rates.flatMap(({ title, perSecond, colour }, row) => [
        { x: [-most * LABEL_SHARE, 0], y: [row + 0.2, row + 0.8], fill: null, text: title },
        { x: [0, perSecond], y: [row + 0.2, row + 0.8], fill: colour, opacity: 0.8, text: `${amount(perSecond, '/s')}/s`, place: 'right' },
      ]))],
    },
  };
}
