import { createCostMeter, type CostMeter } from '../src/model/cost.ts';
import type { Plan, ServerObservation } from '../src/model/index.ts';

const EVERY_MS = 1_000;

/** Adds up what a run costs while it goes on, and says once when that is more than slo.yml allows. */
export class CostWatch {
  readonly #meter: CostMeter | null;
  readonly #timer: NodeJS.Timeout | null;

  constructor({ cost, metrics, overrides = [] }: Pick<Plan, 'cost' | 'metrics' | 'overrides'>, now: () => number, onOver: (message: string) => void) {
    // Who was allowed to spend more is not stopped for it; the gate on cost still says so.
    const isOverridden = overrides.some(({ guard }) => guard === 'cost-ceiling');
    const meter = cost && !isOverridden ? createCostMeter(cost, metrics?.everyMs ?? EVERY_MS) : null;
    this.#meter = meter;
    this.#timer = meter && setInterval(() => {
      const { overCeiling, total, currency } = meter.at(now());
      if (!overCeiling) return;
      this.stop();
      onOver(`the run has cost ${total.toFixed(2)} ${currency}, and may cost ${cost?.ceiling.toFixed(2)} ${currency}`);
    }, EVERY_MS);
    this.#timer?.unref();
  }

  see(one: ServerObservation): void {
    this.#meter?.add(one.metric, one.tMs, one.value);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }
}
