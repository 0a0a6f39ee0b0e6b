import { OBSERVATION_VERSION, type Kpi, type MetricsPlan, type ServerObservation } from '../../model/index.ts';
import { KpiReader } from './kpi-reader.ts';
import { PrometheusServer, type Limits } from './prometheus.ts';
import { nothing, type Reading } from './reading.ts';
import { scrape } from './scrape.ts';

export interface RoundsOptions {
  metrics: MetricsPlan;
  kpis: readonly Kpi[];
  /** What every question is tagged with; nothing when left out. */
  headers?: Record<string, string>;
  runId: string;
  /** Milliseconds since the run's start, monotonic. */
  now: () => number;
  /** Epoch time. */
  wallClock: () => number;
  record: (observations: ServerObservation[]) => void;
}

/** A reading that was not answered at its time. */
interface Gap {
  tMs: number;
  phase: string | null;
}

/** A scrape that is still going on shortly before the next one is given up. */
const LIMIT_SHARE = 0.8;
const LONGEST_LIMIT_MS = 10_000;
/** Prometheus refuses more than 11,000 points in one answer. */
const MOST_POINTS = 10_000;

/** Reads every KPI once a round, from wherever it comes, and records one observation each, with a value or without. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #reader: KpiReader;
  readonly #prometheus: PrometheusServer | null;
  readonly #asked: Kpi[];
  readonly #scraped: Kpi[];
  readonly #gaps = new Map<Kpi, Gap[]>();
  readonly #limitMs: number;
  readonly #tagged: Pick<Limits, 'headers'>;
  #current: Promise<unknown> | null = null;
  #waiting = false;

  constructor(options: RoundsOptions) {
    const { metrics, kpis } = options;
    this.#options = options;
    this.#tagged = options.headers ? { headers: options.headers } : {};
    this.#limitMs = Math.min(LONGEST_LIMIT_MS, LIMIT_SHARE * metrics.everyMs);
    this.#prometheus = metrics.prometheus === null ? null : new PrometheusServer(metrics.prometheus);
    this.#asked = kpis.filter(({ promql }) => promql !== undefined && this.#prometheus !== null);
    this.#scraped = kpis.filter((kpi) => !this.#asked.includes(kpi));
    this.#reader = new KpiReader(this.#scraped, metrics.everyMs);
  }

  /**
   * Takes one round. Its readings have the time at which it began, and none takes longer than its limit. On a machine
   * so busy that the round before is not over yet, it begins after that, and one more is left out: they never pile up.
   */
  async take(phase: string | null, signal: AbortSignal): Promise<void> {
    if (this.#waiting) return;
    if (this.#current) {
      this.#waiting = true;
      // Its fault, if it has one, is told where it was begun.
      await this.#current.catch(() => {});
      this.#waiting = false;
    }
    const at = { tMs: this.#options.now(), phase };
    const limits = { ...this.#tagged, limitMs: this.#limitMs, signal };
    // The two kinds apart: a slow Prometheus holds up no scrape's figures, nor the other way round.
    this.#current = Promise.all([this.#ask(at, limits), this.#scrape(at, limits)]);
    await this.#current;
  }

  /**
   * Asks Prometheus again for the readings that it did not answer at their time: it may have been out of reach only,
   * and scraped all the while. What can be had is recorded at its own time, beside the
   * reading that is missing there: the analysis takes the one with a value.
   */
  async fill(signal: AbortSignal): Promise<void> {
    const prometheus = this.#prometheus;
    if (!prometheus || this.#gaps.size === 0) return;
    const limits = { ...this.#tagged, limitMs: LONGEST_LIMIT_MS, signal };
    const { everyMs } = this.#options.metrics;
    try {
      const beforeMs = this.#options.now();
      const clockMs = await prometheus.clockMs(limits);
      // The server's clock at the run's start, to a round trip: far below the time between two readings.
      const originMs = clockMs - (beforeMs + this.#options.now()) / 2;
      await Promise.all([...this.#gaps].map(async ([kpi, gaps]) => {
        for (const part of inParts(gaps, MOST_POINTS * everyMs)) {
          const fromMs = originMs + (part[0] as Gap).tMs;
          const steps = { fromMs, toMs: originMs + (part.at(-1) as Gap).tMs + everyMs / 2, stepMs: everyMs };
          const values = await prometheus.range(kpi.promql as string, steps, kpi.scale, limits);
          const byStep = new Map([...values].map(([atMs, value]) => [Math.round((atMs - fromMs) / everyMs), value]));
          this.#fillGaps(kpi, part, byStep);
        }
      }));
    } catch {
      // It still does not answer: the readings stay missing, as they are recorded.
    }
  }

  #fillGaps(kpi: Kpi, gaps: readonly Gap[], byStep: ReadonlyMap<number, number>): void {
    const { everyMs } = this.#options.metrics;
    const firstMs = (gaps[0] as Gap).tMs;
    for (const gap of gaps) {
      const value = byStep.get(Math.round((gap.tMs - firstMs) / everyMs));
      if (value !== undefined) this.#record([[kpi, { value }]], gap);
    }
  }

  async #ask(at: Gap, limits: Limits): Promise<void> {
    const prometheus = this.#prometheus;
    if (!prometheus || this.#asked.length === 0) return;
    const readings = await Promise.all(this.#asked.map(async (kpi): Promise<[Kpi, Reading]> =>
      [kpi, await prometheus.value(kpi.promql as string, kpi.scale, limits)]));
    if (limits.signal?.aborted) return;
    for (const [kpi, { unanswered }] of readings) {
      if (!unanswered) continue;
      const gaps = this.#gaps.get(kpi);
      if (gaps) gaps.push(at);
      else this.#gaps.set(kpi, [at]);
    }
    this.#record(readings, at);
  }

  async #scrape(at: Gap, limits: Limits): Promise<void> {
    if (this.#scraped.length === 0) return;
    const { metrics, now, wallClock } = this.#options;
    const options = { ...limits, wanted: this.#reader.wanted, now };
    const scrapes = await Promise.all(metrics.urls.map((url) => scrape(url, options)));
    // Cut off by the run's end: no word about the exporter.
    if (limits.signal?.aborted) return;
    const readings = metrics.urls.length === 0 ? new Map<string, Reading>() : this.#reader.read(scrapes, wallClock());
    this.#record(this.#scraped.map((kpi) => [kpi, readings.get(kpi.id) ?? nothing(this.#noSource(kpi))]), at);
  }

  #noSource({ scrape: how }: Kpi): string {
    return how === undefined ? 'no Prometheus server is named, and it has no "scrape"' : 'no metrics page is named';
  }

  #record(readings: readonly (readonly [Kpi, Reading])[], { tMs, phase }: Gap): void {
    const { runId, record } = this.#options;
    record(readings.map(([{ id, unit }, { value, missing }]): ServerObservation => ({
      v: OBSERVATION_VERSION, kind: 'server', runId, tMs: Math.round(tMs * 10) / 10, phase, vu: null, journey: null,
      metric: id, labels: {}, value, unit, ...(missing === undefined ? {} : { missing }),
    })));
  }
}

/** Returns runs of gaps that each last `longestMs` at most. */
function inParts(gaps: readonly Gap[], longestMs: number): Gap[][] {
  const parts: Gap[][] = [];
  for (const gap of gaps) {
    const part = parts.at(-1);
    if (part && gap.tMs - (part[0] as Gap).tMs <= longestMs) part.push(gap);
    else parts.push([gap]);
  }
  return parts;
}
