import type { Plan, ServerObservation } from '../model/index.ts';
import { sliceMs } from './api-timeline.ts';
import { median, spread } from './robust.ts';
import { clockText } from './validity-text.ts';
import type { Span } from './windowed.ts';

/** Further from what it was than this many spreads is no chance: three, as for a band of normal values. */
const NOTABLE = 3;
/** A figure that hardly ever moves would be notable at its first stir: a tenth of its level is the least spread. */
const LEAST_SPREAD = 0.1;
/** Of what it came to: a figure that was at rest at 0 has no level to compare with. */
const LEAST_OF_REACHED = 0.01;
/** The most notable ones; the record's findings have all. */
const SHOWN = 3;

/** The target's own figures over time, as evidence for what the lane saw: means over slices as long as the lane's. */
export interface KpiSeries {
  add(one: ServerObservation): void;
  /** Returns a figure's slice means within a span, in the order of time; its labels' series as one. Empty where none is known. */
  values(id: string, span: Span): { atMs: number; value: number }[];
  /** Returns sentences on the figures that moved most from `before` to `at`, the largest move first. */
  moved(before: readonly Span[], at: Span): string[];
}

interface Mean {
  sum: number;
  n: number;
}

export function createKpiSeries(plan: Plan): KpiSeries {
  const lengthMs = sliceMs(plan);
  const series = new Map<string, { id: string; unit: string; slices: Map<number, Mean> }>();
  const within = (slices: Map<number, Mean>, { fromMs, toMs }: Span): { atMs: number; value: number }[] =>
    [...slices].map(([index, { sum, n }]) => ({ atMs: (index + 0.5) * lengthMs, value: sum / n }))
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs).sort((a, b) => a.atMs - b.atMs);
  const titleOf = (id: string): string => plan.kpis.find((kpi) => kpi.id === id)?.title ?? id;
  return {
    add({ metric, labels, value, unit, tMs }) {
      if (value === null) return;
      const key = JSON.stringify([metric, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
      const one = series.get(key) ?? { id: metric, unit, slices: new Map<number, Mean>() };
      series.set(key, one);
      const index = Math.floor(tMs / lengthMs);
      const mean = one.slices.get(index) ?? { sum: 0, n: 0 };
      one.slices.set(index, mean);
      mean.sum += value;
      mean.n += 1;
    },
    values(id, span) {
      const byTime = new Map<number, number>();
      for (const one of series.values()) {
        if (one.id !== id) continue;
        for (const { atMs, value } of within(one.slices, span)) byTime.set(atMs, (byTime.get(atMs) ?? 0) + value);
      }
      return [...byTime].map(([atMs, value]) => ({ atMs, value })).sort((a, b) => a.atMs - b.atMs);
    },
    moved(before, at) {
      const moves = [...series].flatMap(([key, { id, unit, slices }]) => {
        const usual = before.flatMap((span) => within(slices, span).map(({ value }) => value));
        const now = within(slices, at);
        const level = median(usual);
        const reached = median(now.map(({ value }) => value));
        if (level === null || reached === null) return [];
        const least = Math.max(spread(usual), LEAST_SPREAD * Math.abs(level), LEAST_OF_REACHED * Math.abs(reached), Number.MIN_VALUE);
        const size = Math.abs(reached - level) / least;
        if (size < NOTABLE) return [];
        const course = within(slices, { fromMs: Math.min(at.fromMs, ...before.map(({ fromMs }) => fromMs)), toMs: at.toMs });
        const calm = course.findLastIndex(({ value }) => Math.abs(value - level) < NOTABLE * least);
        const since = course[calm + 1];
        const labels = (JSON.parse(key) as [string, ...[string, string][]]).slice(1).map(([, label]) => label).join(', ');
        const name = `${titleOf(id)}${labels === '' ? '' : ` (${labels})`}`;
        const when = since === undefined ? '' : `, from ${clockText(since.atMs)} on`;
        return [{ key, size, text: `${name} went from ${short(level)} to ${short(reached)} ${unit}${when}` }];
      });
      return moves.sort((a, b) => b.size - a.size || (a.key < b.key ? -1 : 1)).slice(0, SHOWN).map(({ text }) => text);
    },
  };
}

/** Three digits tell a move. */
function short(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 9 });
}
