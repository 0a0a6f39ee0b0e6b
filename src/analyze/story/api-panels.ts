import type { Panel, Plan } from '../../model/index.ts';
import { ALL_ROUTES } from '../api.ts';
import { addCounts, countsOf, createTimeline, isLate, mergedLatency, noCounts } from '../api-timeline.ts';
import type { ApiCounts, Slice } from '../api-timeline.ts';
import { smoothPercentile } from '../sketch-bounds.ts';
import type { SketchSeries } from '../sketch-bounds.ts';
import type { PanelMaker } from './latency-panels.ts';
import { panelOf, trackOf } from './slots.ts';
import type { Grid } from './slots.ts';

interface Lane {
  counts: ApiCounts;
  coveredMs: number;
  latency: SketchSeries;
  timeoutMs: number;
}

/** The API lane over time, all routes together, warm-up included; latency without the windows in which the lane itself was late. */
export function createApiPanels(plan: Plan): PanelMaker {
  const timeline = createTimeline(plan);
  return {
    add(one) {
      if (one.kind !== 'api') return;
      const counts = countsOf(one);
      timeline.add({ ...one, route: ALL_ROUTES }, counts, isLate(counts));
    },
    panels(grid): Panel[] {
      const lanes = slotsOf(timeline.slices(), grid);
      const perSecond = (count: number, { coveredMs }: Lane): number => (1_000 * count) / coveredMs;
      const share = (events: number, n: number): number | null => (n === 0 ? null : (100 * events) / n);
      const refused = lanes.some((lane) => (lane?.counts.rateLimited ?? 0) > 0);
      return [
        ...panelOf({ id: 'api-latency', title: 'API lane: latency', unit: 'ms' }, [0.5, 0.95, 0.99].map((p) =>
          trackOf({ id: `p${100 * p}`, title: `p${100 * p}` }, lanes, ({ latency, timeoutMs }) => smoothPercentile(latency, p, timeoutMs),
            ({ latency }) => latency.sketch.count + latency.censored))),
        ...panelOf({ id: 'api-rate', title: 'API lane: requests', unit: '1/s' }, [
          trackOf({ id: 'due', title: 'due' }, lanes, (lane) => perSecond(lane.counts.scheduled, lane), ({ counts }) => counts.scheduled),
          trackOf({ id: 'answered', title: 'answered' }, lanes, (lane) => perSecond(lane.counts.ok, lane), ({ counts }) => counts.ok),
        ]),
        ...panelOf({ id: 'api-errors', title: 'API lane: errors', unit: '%' }, [
          trackOf({ id: 'failed', title: 'failed' }, lanes, ({ counts }) => share(counts.failed, counts.ok + counts.failed),
            ({ counts }) => counts.ok + counts.failed),
          refused ? trackOf({ id: 'refused', title: 'refused with 429' }, lanes,
            ({ counts }) => share(counts.rateLimited, counts.ok + counts.failed + counts.rateLimited),
            ({ counts }) => counts.ok + counts.failed + counts.rateLimited) : null,
        ]),
      ];
    },
  };
}

/** Returns the lane of each slot: the slices that have their middle in it, or else the one that holds the slot's own middle. */
function slotsOf(slices: readonly Slice[], { slotMs, slots }: Grid): (Lane | undefined)[] {
  const within = Array.from({ length: slots }, (): Slice[] => []);
  for (const slice of slices) within[Math.floor((slice.fromMs + slice.toMs) / 2 / slotMs)]?.push(slice);
  return within.map((own, index) => {
    const middleMs = (index + 0.5) * slotMs;
    const some = own.length > 0 ? own : slices.filter(({ fromMs, toMs }) => fromMs <= middleMs && middleMs < toMs);
    if (some.length === 0) return undefined;
    const counts = noCounts();
    for (const slice of some) addCounts(counts, slice);
    return {
      counts, latency: mergedLatency(some, null),
      coveredMs: Math.max(1, some.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)),
      timeoutMs: Math.min(...some.map(({ timeoutMs }) => timeoutMs)),
    };
  });
}
