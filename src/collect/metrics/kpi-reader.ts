import type { Kpi } from '../../model/index.ts';
import { NEEDS_TWO } from '../../model/kpi-reading.ts';
import type { Selector } from '../../model/kpi-selector.ts';
import { formOf, type Form, type Matched } from './kpi-forms.ts';
import { nothing, type Reading } from './reading.ts';
import type { Scraped } from './scrape.ts';
import { TargetState, type Current, type Grown } from './target-state.ts';

/** Prometheus forgets a series that has had no sample for five minutes; so do we. */
const STALE_MS = 300_000;
/** Where scrapes are so rare that five minutes would hold less than three of them. */
const LEAST_PERIODS = 3;

interface Known {
  id: string;
  scale: number;
  form: Form;
}

/** Reads KPIs from the metrics pages of one or more targets, which are put together series by series. */
export class KpiReader {
  readonly #kpis: Known[];
  readonly #targets: TargetState[] = [];
  readonly #staleMs: number;
  readonly #names: ReadonlySet<string>;

  /** KPIs without `scrape` are left out. `everyMs` is the time between two scrapes. */
  constructor(kpis: readonly Kpi[], everyMs: number) {
    this.#kpis = kpis.flatMap(({ id, scale, scrape }) => (scrape ? [{ id, scale, form: formOf(scrape) }] : []));
    this.#staleMs = Math.max(STALE_MS, LEAST_PERIODS * everyMs);
    this.#names = new Set(this.#kpis.flatMap(({ form }) => form.selectors.map(({ name }) => name)));
  }

  /** Whether a metric of this name belongs to any of the KPIs. */
  readonly wanted = (name: string): boolean => this.#names.has(name);

  /**
   * Takes one scrape of every target, always in the same order, and returns each KPI's reading by id. A KPI is missing
   * where a target failed that has a part in it, as far as anybody knows: a sum without it would be another figure.
   * `nowMs` is epoch time, to tell which series' own time stamps are too old.
   */
  read(scrapes: readonly Scraped[], nowMs: number): Map<string, Reading> {
    const targets = scrapes.map((scraped, index) => {
      const state = this.#targets[index] ??= new TargetState(this.#staleMs);
      const last = state.last;
      return { last, current: state.take(scraped), missing: 'missing' in scraped ? scraped.missing : '' };
    });
    const currents = targets.flatMap(({ current }) => current ?? []);
    return new Map(this.#kpis.map(({ id, scale, form }) => {
      // Nothing is known of a target that was never read, so it may have a part in anything.
      const failed = targets.find(({ current, last }) => current === null && (last === null || hasPart(form, last)));
      return [id, failed ? nothing(failed.missing) : this.#readOne(form, scale, currents, nowMs)];
    }));
  }

  #readOne({ selectors, counters, value }: Form, scale: number, currents: readonly Current[], nowMs: number): Reading {
    const series: Matched[][] = [];
    for (const selector of selectors) {
      const { name } = selector;
      const withIt = currents.filter((current) => matching(selector, current).length > 0);
      if (withIt.length === 0) return nothing(`not exposed: ${name}`);
      const isGauge = withIt.some((current) => typeOf(current, name) === 'gauge');
      if (counters && isGauge) return nothing(`${name} is a gauge, not a counter`);
      const fresh = withIt
        .flatMap((current) => matching(selector, current).map((one) => ({ ...one, elapsedS: current.elapsedS })))
        .filter(({ sample }) => sample.timestampMs === null || nowMs - sample.timestampMs <= this.#staleMs);
      if (fresh.length === 0) return nothing(`stale: ${name}`);
      series.push(fresh);
    }
    if (counters && series.flat().some(({ elapsedS }) => elapsedS === null)) return nothing(NEEDS_TWO);
    return value(series, scale);
  }
}


function matching({ name, matches }: Selector, { series }: Current): Grown[] {
  return series.filter(({ sample }) => sample.name === name && matches(sample.labels));
}

function hasPart({ selectors }: Form, last: Current): boolean {
  return selectors.some((selector) => matching(selector, last).length > 0);
}

/** In OpenMetrics the type of the counter `x_total` stands under `x`. */
function typeOf({ types }: Current, name: string): string | undefined {
  return types.get(name) ?? types.get(name.replace(/_total$/, ''));
}
