import type { BreakerTrack, Stretch } from '../../../model/index.ts';
import { harmless } from '../../text.ts';
import { LABEL } from './axes.ts';
import { boxes } from './boxes.ts';
import type { Box } from './boxes.ts';
import type { Chart } from './draw.ts';
import type { Colour } from './palette.ts';
import { shading, timeAxis } from './panel-chart.ts';
import type { TimeFrame } from './panel-chart.ts';

const LANE_PX = 24;
const AXIS_PX = 28;
/** Of a lane's height: room above and below its bars. */
const GAP = 0.16;
const LABEL_PX = 62;

type State = BreakerTrack['changes'][number]['state'];
export const STATE_COLOURS: Readonly<Record<State, Colour>> = { 'closed': 'good', 'half-open': 'open', 'open': 'bad', 'unknown': 'slate' };
/** Closed is what is normal, so it stays in the background. */
const STATE_OPACITY: Readonly<Record<State, number>> = { 'closed': 0.35, 'half-open': 0.9, 'open': 0.9, 'unknown': 0.3 };

interface Lane { title: string; boxes: Omit<Box, 'y'>[] }

/** Returns the phases, the faults of drills and the states of breakers on the run's time, one lane each. */
export function laneChart(frame: TimeFrame, breakers: readonly BreakerTrack[]): Chart {
  const { endMs, phases, faults } = frame;
  const lanes: Lane[] = [
    { title: 'phase', boxes: phases.map((one) => bar(one, endMs, 'shade', 0.2)) },
    ...(faults.length === 0 ? [] : [{ title: 'fault', boxes: faults.map((one) => bar(one, endMs, 'bad', 0.3)) }]),
    ...breakers.map(({ dependency, changes }) => ({ title: harmless(dependency), boxes: states(changes, endMs) })),
  ];
  const height = lanes.length * LANE_PX + AXIS_PX;
  const { grid, xAxis } = timeAxis(frame, height);
  return {
    label: `Phases${faults.length === 0 ? '' : ', faults of drills'}${breakers.length === 0 ? '' : ' and states of circuit breakers'} over the run.`,
    width: frame.width, height,
    option: {
      grid, xAxis,
      yAxis: {
        type: 'value', inverse: true, min: 0, max: lanes.length, splitLine: { show: false }, axisLine: { show: false }, axisTick: { show: false },
        axisLabel: {
          ...LABEL, customValues: lanes.map((_, index) => index + 0.5), formatter: (at: number) => lanes[Math.floor(at)]?.title ?? '',
          width: LABEL_PX, overflow: 'truncate', ellipsis: '…',
        },
      },
      series: [
        boxes(shading(frame, [0, lanes.length], false), -2),
        boxes(lanes.flatMap((lane, index) => lane.boxes.map((box): Box => ({ ...box, y: [index + GAP, index + 1 - GAP] })))),
      ],
    },
  };
}

function bar({ name, fromMs, toMs }: Stretch, endMs: number, fill: Colour, opacity: number): Omit<Box, 'y'> {
  return { x: [Math.min(fromMs, endMs), Math.min(toMs, endMs)], fill, opacity, text: harmless(name) };
}

/** A state holds until the next change; before the first, and while it is unknown, there is nothing to say. */
function states(changes: BreakerTrack['changes'], endMs: number): Omit<Box, 'y'>[] {
  return changes.map(({ tMs, state }, index) => ({
    x: [Math.min(tMs, endMs), Math.min(changes[index + 1]?.tMs ?? endMs, endMs)], fill: STATE_COLOURS[state], opacity: STATE_OPACITY[state],
  }));
}
