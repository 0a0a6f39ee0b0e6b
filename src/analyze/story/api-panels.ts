import type { Panel, Plan, Track } from '../../model/index.ts';
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

/**
 * The API lane over time, all routes together, warm-up included; latency without the windows in which the lane itself
 * was late.
 */
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
      const rate = (id: string, count: (lane: Lane) => number): Track | null =>
        trackOf({ id, title: id }, lanes, (lane) => (1_000 * count(lane)) / lane.coveredMs, count);
      type Count = (lane: Lane) => number;
      const share = (id: string, title: string, events: Count, n: Count): Track | null =>
        trackOf({ id, title }, lanes, (lane) => (n(lane) === 0 ? null : (100 * events(lane)) / n(lane)), n);
      const refused = lanes.some((lane) => (lane?.counts.rateLimited ?? 0) > 0);
      return [
        ...panelOf({ id: 'api-latency', title: 'API lane: latency', unit: 'ms' }, [0.5, 0.95, 0.99].map((p) => trackOf(
          { id: `p${100 * p}`, title: `p${100 * p}` }, lanes,
          ({ latency, timeoutMs }) => smoothPercentile(latency, p, timeoutMs),
          ({ latency }) => latency.sketch.count + latency.censored,
        ))),
        ...panelOf({ id: 'api-rate', title: 'API lane: requests', unit: '1/s' }, [
          rate('due', ({ counts }) => counts.scheduled), rate('answered', ({ counts }) => counts.ok),
        ]),
        ...panelOf({ id: 'api-errors', title: 'API lane: errors', unit: '%' }, [
          share('failed', 'failed', ({ counts }) => counts.failed, ({ counts }) => counts.ok + counts.failed),
          refused ? share('refused', 'refused with 429', ({ counts }) => counts.rateLimited,
            ({ counts }) => counts.ok + counts.failed + counts.rateLimited) : null,
        ]),
      ];
    },
  };
}

/**
 * Returns the lane by slot: of the slices that have their middle in it, or else of the one that holds the slot's own.
 */
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
