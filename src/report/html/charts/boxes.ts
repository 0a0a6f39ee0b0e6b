import type { CustomSeriesOption } from 'echarts/charts';
import { cells, cutMiddle } from '../../text.ts';
import { colour } from './palette.ts';
import type { Colour } from './palette.ts';

/** A rectangle in the units of its axes, with a text inside where there is room. */
export interface Box {
  x: readonly [from: number, to: number];
  y: readonly [from: number, to: number];
  fill: Colour | null;
  opacity?: number;
  /** Outline without a filling says: nothing was measured here in the sense of its neighbours. */
  stroke?: Colour;
  text?: string;
  ink?: Colour;
  /** Where a text stands that has no rectangle to keep within: it is not cut. */
  place?: 'inside' | 'right' | 'above';
  /** Never narrower, in pixels: a bin of one value has no width of its own. */
  leastPx?: number;
}

/** Shorter, a cut text says nothing. */
const LEAST_CELLS = 6;
/** Of a letter, on average; nobody measures letters where there is no screen. */
const CELL_PX = 6.2;
const FONT_PX = 11;

/** Returns a series of rectangles; `z` puts it behind (below 0) or before the lines. */
export function boxes(list: readonly Box[], z = 0): CustomSeriesOption {
  return {
    type: 'custom', silent: true, clip: false, z: z + 2, data: list.map((_, index) => [index, 0]), encode: { x: -1, y: -1 },
    renderItem: (params, api) => {
      const box = list[params.dataIndex];
      if (!box) return null;
      const [left = 0, top = 0] = api.coord([box.x[0], box.y[1]]);
      const [right = 0, bottom = 0] = api.coord([box.x[1], box.y[0]]);
      const width = Math.max(box.leastPx ?? 0, Math.abs(right - left));
      const shape = { x: Math.min(left, right), y: Math.min(top, bottom), width, height: Math.abs(bottom - top) };
      return {
        type: 'group',
        children: [
          {
            type: 'rect', shape,
            style: {
              fill: box.fill === null ? 'none' : colour(box.fill), opacity: box.opacity ?? 1,
              ...(box.stroke === undefined ? {} : { stroke: colour(box.stroke), lineWidth: 1 }),
            },
          },
          ...textOf(box, shape),
        ],
      };
    },
  };
}

function textOf({ text, ink = 'ink', place = 'inside' }: Box, shape: { x: number; y: number; width: number; height: number }): {
  type: 'text'; style: Record<string, unknown>;
}[] {
  if (text === undefined || text === '') return [];
  const style = { text, fill: colour(ink), fontSize: FONT_PX };
  if (place === 'right') {
    return [{ type: 'text', style: { ...style, x: shape.x + shape.width + 5, y: shape.y + shape.height / 2, verticalAlign: 'middle' } }];
  }
  if (place === 'above') return [{ type: 'text', style: { ...style, x: shape.x, y: shape.y - 4, verticalAlign: 'bottom' } }];
  const room = Math.floor((shape.width - 8) / CELL_PX);
  if (room < Math.min(LEAST_CELLS, cells(text))) return [];
  // Names of a family differ at their ends: payments-down, payments-slow.
  return [{ type: 'text', style: { ...style, text: cutMiddle(text, room), x: shape.x + 4, y: shape.y + shape.height / 2, verticalAlign: 'middle' } }];
}
