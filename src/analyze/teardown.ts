import type { Observation, TeardownReport } from '../model/index.ts';

/** Finds how the removing of what a run made ended: the last try counts, whatever came before it. */
export function createTeardown(): { add(observation: Observation): void; finish(): TeardownReport | null } {
  let last: { tMs: number; report: TeardownReport } | null = null;
  return {
    add(one) {
      if (one.kind !== 'teardown' || (last !== null && one.tMs < last.tMs)) return;
      const { outcome, before, after, durationMs, message } = one;
      last = { tMs: one.tMs, report: { outcome, before, after, durationMs, ...(message === undefined ? {} : { message }) } };
    },
    finish: () => last?.report ?? null,
  };
}
