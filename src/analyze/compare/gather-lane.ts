import type { ApiObservation, Plan } from '../../model/index.ts';
import { ALL_ROUTES } from '../api.ts';
import { countsOf, isLate } from '../api-timeline.ts';
import { RATE_LIMITED } from '../rate-limited.ts';
import { addBins, emptySketch } from '../sketch-bounds.ts';
import type { SketchSeries } from '../sketch-bounds.ts';
import { seriesKey } from '../series.ts';
import type { RequestTrials } from './request-trials.ts';
import type { OpenSeries, SampleBook } from './sample-book.ts';

/** Stretches of the lane's time that stand for users: more of them make no interval better, and a run of days large. */
const MOST_STRETCHES = 240;
const US_PER_MS = 1_000;

interface Stretch {
  route: string;
  name: string;
  latency: SketchSeries;
  service: SketchSeries;
}

/**
 * Gathers the API lane's windows. Its requests have no users; those of one stretch of time met the same server, so stretches
 * are drawn in their place. Times are known to 1 %, as the sketches are.
 */
export function createLaneGather(plan: Plan, book: SampleBook, trials: RequestTrials): { add(one: ApiObservation): void; finish(): void } {
  const warmUp = new Set(plan.warmUpPhases);
  const windowMs = plan.api?.windowMs ?? 10_000;
  const wholeMs = plan.phases.reduce((sum, { durationS }) => sum + durationS * 1_000, 0);
  const stretchMs = windowMs * Math.max(1, Math.ceil(wholeMs / windowMs / MOST_STRETCHES));
  const stretches = new Map<string, Stretch>();
  const seriesOf = (route: string): OpenSeries[] => ['api_latency', 'api_service_time'].map((metric) => book.series(metric, { route }));
  return {
    add(one) {
      const counts = countsOf(one);
      const { failed, ok, rateLimited, heldBack, missing, unfinished } = counts;
      const name = `lane ${Math.floor(one.fromMs / stretchMs)}`;
      const route = { route: one.route };
      for (const scope of [{}, route]) trials.add('api_error_rate', scope, name, failed, ok + failed);
      for (const scope of [{}, { scenario: one.scenario }]) trials.add('api_throughput', scope, name, ok, ok + failed + rateLimited + heldBack);
      trials.add(RATE_LIMITED, {}, name, rateLimited, ok + failed + rateLimited);
      if ((one.phase !== null && warmUp.has(one.phase)) || isLate(counts)) return;
      const key = seriesKey(one.route, { name });
      const stretch = stretches.get(key) ?? { route: one.route, name, latency: emptySketch('', {}, ''), service: emptySketch('', {}, '') };
      stretches.set(key, stretch);
      addBins(stretch.latency, one.latency);
      addBins(stretch.service, one.service);
      for (const open of [one.route, ALL_ROUTES].flatMap(seriesOf)) {
        if (failed > 0) open.censorMany(name, failed, one.timeoutMs);
        open.unmeasured(heldBack + missing + unfinished + rateLimited);
      }
    },
    finish() {
      for (const { route, name, latency, service } of stretches.values()) {
        for (const [metric, sketch] of [['api_latency', latency], ['api_service_time', service]] as const) {
          for (const group of [route, ALL_ROUTES]) weighAll(book.series(metric, { route: group }), name, sketch);
        }
      }
    },
  };
}

function weighAll(open: OpenSeries, name: string, { sketch }: SketchSeries): void {
  const { store, mapping, zeroCount } = sketch;
  if (zeroCount > 0) open.weigh(name, 0, zeroCount);
  for (let key = store.minKey; key <= store.maxKey; key += 1) {
    const times = store.bins[key - store.offset] ?? 0;
    if (times > 0) open.weigh(name, Number((mapping.value(key) / US_PER_MS).toPrecision(6)), times);
  }
}
