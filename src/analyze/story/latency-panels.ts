import { VitalName } from '../../model/index.ts';
import type { Observation, Panel, Plan, Role, Track } from '../../model/index.ts';
import { isAwaited, isSample } from '../series.ts';
import { emptySketch, mergeSketch, sketchMs, smoothPercentile } from '../sketch-bounds.ts';
import type { SketchSeries } from '../sketch-bounds.ts';
import { Slots, panelOf, trackOf } from './slots.ts';
import type { Grid } from './slots.ts';

/** What gathers panels from observations, in any order. */
export interface PanelMaker {
  add(one: Observation): void;
  panels(grid: Grid): Panel[];
}

type Vital = (typeof VitalName.options)[number];

/** A page may report what it likes: a day or more would make a sketch as large as it says. */
const MOST_MS = 86_400_000;

interface Cell {
  series: SketchSeries;
  /** The shortest among the censored samples; a percentile that lies among them is drawn there. */
  deadlineMs: number | null;
}

/** Sketches by slot: samples are counted, never kept. */
class LatencySlots {
  readonly #slots = new Slots<Cell>(
    () => ({ series: emptySketch('slot', {}, 'slot'), deadlineMs: null }),
    (into, from) => {
      mergeSketch(into.series, from.series);
      into.deadlineMs = earlier(into.deadlineMs, from.deadlineMs);
    },
  );

  measure(tMs: number, value: number): void {
    sketchMs(this.#slots.at(tMs).series, Math.min(MOST_MS, value));
  }

  censor(tMs: number, deadlineMs: number): void {
    const cell = this.#slots.at(tMs);
    cell.series.censored += 1;
    cell.deadlineMs = earlier(cell.deadlineMs, deadlineMs);
  }

  /** Returns a percentile over time, 0 < p < 1. */
  track(grid: Grid, named: { id: string; title: string }, p: number): Track | null {
    return trackOf(
      named, this.#slots.settle(grid), ({ series, deadlineMs }) => smoothPercentile(series, p, deadlineMs ?? 0),
      ({ series }) => series.sketch.count + series.censored,
    );
  }
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/**
 * Latency over time as observers saw it, warm-up and disturbed stretches included: a chart must show them. Failed steps
 * count as longer than their deadline, as everywhere. Percentiles are those of sketches, exact to 1 %.
 */
export function createLatencyPanels(plan: Plan): PanelMaker {
  const perceived = new LatencySlots();
  const firstProgress = new LatencySlots();
  const completion = new LatencySlots();
  const vitals = new Map(VitalName.options.map((name) => [name, new LatencySlots()]));
  const canary: Record<Role, LatencySlots> = { observer: new LatencySlots(), crowd: new LatencySlots() };
  const { stepDeadlineMs } = plan.settings;
  return {
    add(one) {
      if (one.kind === 'canary') {
        // Faster than on the idle machine is no excess; the median of the others stays what it is.
        if (one.outcome === 'timeout') canary[one.role].censor(one.tMs, one.driverMs);
        else if (one.excessMs !== null) canary[one.role].measure(one.tMs, Math.max(0, one.excessMs));
      }
      if (!('role' in one) || one.role !== 'observer') return;
      // A step that awaits nothing has no perceived latency, passed or failed.
      if (one.kind === 'step' && isSample(one.outcome) && isAwaited(one)) {
        if (one.outcome !== 'passed') perceived.censor(one.tMs, one.deadlineMs);
        else if (one.perceivedMs !== null) perceived.measure(one.tMs, one.perceivedMs);
      }
      if (one.kind === 'vital' && one.value !== null) vitals.get(one.name)?.measure(one.tMs, one.value);
      if (one.kind === 'agentTask' && isSample(one.outcome)) {
        const passed = one.outcome === 'passed';
        const completedMs = passed ? one.completedMs : null;
        for (const [slots, value] of [[firstProgress, one.firstProgressMs], [completion, completedMs]] as const) {
          if (value !== null) slots.measure(one.tMs, value);
          else if (!passed) slots.censor(one.tMs, stepDeadlineMs);
        }
      }
    },
    panels(grid) {
      const vitalTracks = (names: readonly Vital[]): (Track | null)[] =>
        names.map((name) => vitals.get(name)?.track(grid, { id: name, title: `${name} p75` }, 0.75) ?? null);
      return [
        ...panelOf({ id: 'perceived', title: 'Perceived latency of all steps', unit: 'ms' }, [
          perceived.track(grid, { id: 'p50', title: 'p50' }, 0.5),
          perceived.track(grid, { id: 'p95', title: 'p95' }, 0.95),
        ]),
        ...panelOf({ id: 'vitals', title: 'Core Web Vitals', unit: 'ms' }, vitalTracks(['LCP', 'INP', 'FCP', 'TTFB'])),
        ...panelOf({ id: 'vitals', title: 'Layout shift', unit: 'score' }, vitalTracks(['CLS'])),
        ...panelOf({ id: 'agent', title: 'Agent tasks', unit: 'ms' }, [
          firstProgress.track(grid, { id: 'first progress', title: 'first progress, p50' }, 0.5),
          completion.track(grid, { id: 'completion', title: 'completion, p50' }, 0.5),
          completion.track(grid, { id: 'completion p95', title: 'completion, p95' }, 0.95),
        ]),
        ...panelOf({ id: 'canary', title: 'Canary above idle', unit: 'ms' }, [
          canary.observer.track(grid, { id: 'observer', title: 'observers, median' }, 0.5),
          canary.crowd.track(grid, { id: 'crowd', title: 'crowd, median' }, 0.5),
        ]),
      ];
    },
  };
}
