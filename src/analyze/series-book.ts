import { absorb, emptyLatency, emptyRate, seriesKey } from './series.ts';
import type { LatencySeries, RateSeries } from './series.ts';
import { WindowedSeries, nameLeftOut } from './windowed.ts';
import type { Span } from './windowed.ts';

/** The series of a run while its observations come in: each is made when it is first asked for. */
export interface SeriesBook {
  /** Whole once settled. */
  latency: Map<string, LatencySeries>;
  rates: Map<string, RateSeries>;
  /** Steps seen only with the driver's clock: their users' latency is not known. */
  driverSteps: Set<string>;
  /** A series of what observers see. */
  latencyOf: (metric: string, scope: Record<string, string>, unit?: string) => WindowedSeries;
  /** A step's samples: with an element that it awaits, and timed by the driver alone. */
  stepOf: (scope: { journey: string; step: string }) => { awaited: WindowedSeries; bare: WindowedSeries };
  /** A series that does not depend on how undisturbed anybody was. */
  wholeRun: (metric: string, scope: Record<string, string>, unit?: string) => LatencySeries;
  rateOf: (metric: string, scope: Record<string, string>) => RateSeries;
  /** Ends it, once it is known which parts of the run count. */
  settle: (counts: (span: Span) => boolean) => void;
}

/** Returns an empty book; `window` says in words which part of the run its latency series come from. */
export function createSeriesBook(window: string): SeriesBook {
  const latency = new Map<string, LatencySeries>();
  const rates = new Map<string, RateSeries>();
  const driverSteps = new Set<string>();
  const observed = new Map<string, WindowedSeries>();
  const steps = new Map<string, { awaited: WindowedSeries; bare: WindowedSeries }>();
  const newObserved = (metric: string, scope: Record<string, string>, unit = 'ms'): WindowedSeries =>
    new WindowedSeries(metric, scope, unit, window);
  return {
    latency,
    rates,
    driverSteps,
    latencyOf: (metric, scope, unit) => entry(observed, seriesKey(metric, scope), () => newObserved(metric, scope, unit)),
    stepOf: (scope) => entry(steps, seriesKey('step', scope), () => ({
      awaited: newObserved('perceived_latency', scope),
      bare: newObserved('driver_latency', scope),
    })),
    wholeRun: (metric, scope, unit = 'ms') =>
      entry(latency, seriesKey(metric, scope), () => emptyLatency(metric, scope, unit, 'whole run')),
    rateOf: (metric, scope) => entry(rates, seriesKey(metric, scope), () => emptyRate(metric, scope)),
    settle(counts) {
      for (const [key, series] of observed) latency.set(key, series.settle(counts));
      for (const { awaited, bare } of steps.values()) {
        const settled = { awaited: awaited.settle(counts), bare: bare.settle(counts) };
        if (awaited.measured + awaited.others === 0 && bare.measured > 0) {
          latency.set(seriesKey(bare.metric, bare.scope), settled.bare);
          driverSteps.add(seriesKey(awaited.metric, awaited.scope));
          continue;
        }
        // A step that broke before its awaited element was looked for failed all the same.
        absorb(settled.awaited, settled.bare);
        latency.set(seriesKey(awaited.metric, awaited.scope), settled.awaited);
      }
      for (const series of latency.values()) {
        series.values.sort((a, b) => a - b);
        nameLeftOut(series);
      }
    },
  };
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
