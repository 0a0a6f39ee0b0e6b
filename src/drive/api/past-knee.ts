import { overBudgetIn, type ApiObservation, type ApiPlan } from '../../model/index.ts';
import { Bins } from './bins.ts';

/** Below this share of those due, answered requests are a target that no longer keeps up. */
const LEAST_ANSWERED = 0.9;
/** So many times the P95 of the first windows: far beyond its spread, and well before timeouts take over. */
const MOST_TIMES_FIRST = 3;
const FIRST_WINDOWS = 3;
const IN_A_ROW = 3;
/** With fewer due, a window's P95 is the luck of one request. */
const LEAST_DUE = 40;

interface Whole {
  scheduled: number;
  ok: number;
  latency: Bins;
}

/**
 * Says when a target is past its knee, from whole windows of all routes together: for three windows in a row fewer than 90 %
 * of the due requests were answered, or P95 was above three times that of the run's first windows and above every
 * objective of the scenarios. The rule only ends the load; what the capacity was is the analysis's to say.
 */
export class PastKnee {
  readonly #windowMs: number;
  readonly #objectiveMs: number;
  readonly #whole = new Map<number, Whole>();
  readonly #first: number[] = [];
  #inARow = 0;
  #said = false;

  constructor({ windowMs, scenarios }: Pick<ApiPlan, 'windowMs' | 'scenarios'>) {
    this.#windowMs = windowMs;
    const requests = scenarios.flatMap(({ flows }) => flows.flatMap((flow) => flow.requests));
    this.#objectiveMs = Math.max(0, ...requests.map(({ sloP95Ms }) => sloP95Ms ?? 0));
  }

  /** Adds one route's part of a window, of any thread. */
  add({ fromMs, scheduled, ok, failed, latency }: Pick<ApiObservation, 'fromMs' | 'scheduled' | 'ok' | 'failed' | 'latency'>): void {
    const index = Math.floor(fromMs / this.#windowMs);
    const whole = this.#whole.get(index) ?? { scheduled: 0, ok: 0, latency: new Bins() };
    this.#whole.set(index, whole);
    // What a third party's budget held back says nothing of the target.
    whole.scheduled += scheduled - overBudgetIn(failed).reduce((sum, [, count]) => sum + count, 0);
    whole.ok += ok;
    whole.latency.merge(latency);
  }

  /** Looks at the windows that end by a time, whose parts have all been added; returns the reason to stop, once. */
  passed(atMs: number): string | null {
    const complete = [...this.#whole.keys()].filter((index) => (index + 1) * this.#windowMs <= atMs).sort((a, b) => a - b);
    for (const index of complete) {
      const whole = this.#whole.get(index);
      this.#whole.delete(index);
      if (!whole || whole.scheduled < LEAST_DUE) continue;
      const reason = this.#beyond(whole);
      this.#inARow = reason === null ? 0 : this.#inARow + 1;
      if (this.#inARow < IN_A_ROW || this.#said) continue;
      this.#said = true;
      return `${reason}, in ${IN_A_ROW} windows of ${this.#windowMs / 1_000} s in a row`;
    }
    return null;
  }

  #beyond({ scheduled, ok, latency }: Whole): string | null {
    const p95Ms = latency.percentileMs(95);
    const answered = ok / scheduled;
    if (answered < LEAST_ANSWERED) return `only ${Math.floor(100 * answered)} % of the due requests were answered`;
    if (p95Ms === null) return null;
    if (this.#first.length < FIRST_WINDOWS) {
      this.#first.push(p95Ms);
      return null;
    }
    const firstMs = this.#first.toSorted((a, b) => a - b)[Math.floor(FIRST_WINDOWS / 2)] ?? 0;
    if (p95Ms <= MOST_TIMES_FIRST * firstMs || p95Ms <= this.#objectiveMs) return null;
    return `P95 was ${Math.round(p95Ms)} ms, over ${MOST_TIMES_FIRST} times the ${Number(firstMs.toPrecision(2))} ms of the first windows`;
  }
}
