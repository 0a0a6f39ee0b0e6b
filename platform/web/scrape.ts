import { AggregatorRegistry } from 'prom-client';
import { figure } from '../shared/figures.ts';
import type { Figure } from '../shared/figures.ts';

/** A process that does not answer within this time is left out of a scrape, as far as that is honest: see below. */
const ANSWER_LIMIT_MS = 1000;

interface Source {
  read: () => Promise<Figure[]>;
  last: Figure[];
  up: boolean;
}
export type Scrape = ReturnType<typeof createScrape>;

/** What has been counted stays counted; a level ends with its process. */
const countersOf = (figures: Figure[]): Figure[] => figures.filter(({ type }) => type !== 'gauge');

/** Same names and labels add up, unless a metric says otherwise of itself. */
function merge(parts: Figure[][]): { figures: Figure[]; text: () => Promise<string> } {
  // JSON turns the NaN of an empty histogram into null: no value, so no line.
  const known = parts.map((figures) => figures.map((one) =>
    ({ ...one, values: one.values.filter(({ value }) => Number.isFinite(value)) })));
  const merged = AggregatorRegistry.aggregate(known);
  const metrics = merged.getMetricsAsArray() as unknown as { get(): Figure }[];
  return { figures: metrics.map((metric) => metric.get()), text: () => merged.metrics() };
}

/**
 * The figures of all processes put together: counters and histograms add up, also those of processes that have ended,
 * so that no sum ever goes backwards; figures of one process alone carry its name in the label `process`.
 */
export function createScrape(own: () => Promise<Figure[]>) {
  const sources = new Map<string, Source>();
  let ended: Figure[] = [];
  let running: Promise<string> | null = null;

  async function refresh(source: Source): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error('no answer')), ANSWER_LIMIT_MS);
    try {
      source.last = await Promise.race([source.read(), late.promise]);
      source.up = true;
    } catch {
      source.up = false;
    } finally {
      clearTimeout(timer);
    }
  }

  async function collect(): Promise<string> {
    const [mine] = await Promise.all([own(), ...[...sources.values()].map(refresh)]);
    // Of a process that is silent, what it last counted still holds; its levels are unknown, so they are not given.
    const parts = [...sources.values()].map(({ last, up }) => up ? last : countersOf(last));
    const up = [...sources].map(([process, source]) => figure('gauge', 'exporter_up',
      'Whether a process answered this scrape.', { process }, source.up ? 1 : 0));
    return merge([mine, ended, up, ...parts]).text();
  }

  return {
    /** Takes a process in. The returned function takes it out once it has ended; `last` is its last word, if any. */
    add(process: string, read: () => Promise<Figure[]>): (last?: Figure[]) => void {
      const source: Source = { read, last: [], up: true };
      sources.set(process, source);
      return (last = source.last) => {
        if (sources.get(process) !== source) return;
        sources.delete(process);
        // Without an await in between, so that a scrape sees it either running or ended.
        ended = merge([ended, countersOf(last)]).figures;
      };
    },
    /** Prometheus text. Scrapes at the same time share one answer. */
    text(): Promise<string> {
      running ??= collect().finally(() => (running = null));
      return running;
    },
  };
}
