import type { KpiScrape } from '../../model/index.ts';
import { AT_LEAST, NOTHING_HAPPENED } from '../../model/kpi-reading.ts';
import { parseSelector, type Selector } from '../../model/kpi-selector.ts';
import { numberOf } from './exposition.ts';
import { histogramQuantile } from './quantile.ts';
import { nothing, valued, type Reading } from './reading.ts';
import type { Grown } from './target-state.ts';

/** A series that a selector matched. */
export interface Matched extends Grown {
  /** Since its target's page before; null where there is none. Never null for a form of counters. */
  elapsedS: number | null;
}

/** How one KPI is worked out of series. */
export interface Form {
  /** What it is made of. */
  selectors: Selector[];
  /** They must be counters, and what they grew by must be known. */
  counters: boolean;
  /** Takes the series of each selector in order, none of them without any. */
  value: (series: readonly (readonly Matched[])[], scale: number) => Reading;
}

const sum = (values: readonly number[]): number => values.reduce((so, value) => so + value, 0);
const growth = (series: readonly Matched[]): number => sum(series.map(({ increase }) => increase));
const OVER: Record<'sum' | 'max' | 'min' | 'mean', (values: readonly number[]) => number> = {
  sum,
  max: (values) => values.reduce((most, value) => Math.max(most, value), -Infinity),
  min: (values) => values.reduce((least, value) => Math.min(least, value), Infinity),
  mean: (values) => sum(values) / values.length,
};

/** Returns the form of a KPI's `scrape`. Throws an Error that says what is wrong with its selector. */
export function formOf(scrape: KpiScrape): Form {
  if ('gauge' in scrape) {
    const together = OVER[scrape.over];
    return {
      selectors: [parseSelector(scrape.gauge)],
      counters: false,
      value: ([series = []], scale) => valued(together(series.map(({ sample }) => sample.value)), scale),
    };
  }
  if ('rate' in scrape) {
    const unitS = scrape.per === 'minute' ? 60 : 1;
    return {
      selectors: [parseSelector(scrape.rate)],
      counters: true,
      // Each target's growth over its own time: one that missed a scrape grew for longer.
      value: ([series = []], scale) =>
        valued(sum(series.map(({ increase, elapsedS }) => increase / (elapsedS as number))) * unitS, scale),
    };
  }
  if ('ratio' in scrape) {
    return {
      selectors: [parseSelector(scrape.ratio), parseSelector(scrape.to)],
      counters: true,
      value: ([part = [], whole = []], scale) => {
        const all = growth(whole);
        return all === 0 ? nothing(NOTHING_HAPPENED) : valued(growth(part) / all, scale);
      },
    };
  }
  const selector = parseSelector(scrape.histogram);
  const name = selector.name.endsWith('_bucket') ? selector.name : `${selector.name}_bucket`;
  return {
    selectors: [{ ...selector, name }],
    counters: true,
    value: ([series = []], scale) => quantileReading(series, scrape.quantile, scale),
  };
}

function quantileReading(series: readonly Matched[], quantile: number, scale: number): Reading {
  const counts = new Map<number, number>();
  for (const { sample, increase } of series) {
    const le = numberOf(sample.labels.get('le') ?? '');
    if (le !== null && !Number.isNaN(le)) counts.set(le, (counts.get(le) ?? 0) + increase);
  }
  const found = histogramQuantile(quantile, [...counts].map(([le, count]) => ({ le, count })));
  if (found === null) return nothing(NOTHING_HAPPENED);
  if (typeof found === 'string') return nothing(found);
  const reading = valued(found.value, scale);
  return found.atLeast && reading.value !== null ? { ...reading, missing: AT_LEAST } : reading;
}
