import { setTimeout as sleep } from 'node:timers/promises';
import type { StepSpec } from '../journey.ts';
import type { ThinkTime } from '../model/index.ts';
import { seededRandom } from './observers.ts';
import type { StepTools } from './steps.ts';

/** Returns a function that gives pause after pause in ms, evenly spread between the bounds, the same for a seed. */
export function thinkTimes({ minMs, maxMs }: ThinkTime, seed: string): () => number {
  const random = seededRandom(seed);
  return () => minMs + (maxMs - minMs) * random();
}

/**
 * Returns the steps with a person's pause after each that passed, off the clock: they look at what they waited for, at
 * the last of it too. The end of the user ends the pause.
 */
export function withThinkTime(steps: StepTools, nextMs: () => number, ending: AbortSignal): StepTools {
  const think = async (): Promise<void> => {
    await sleep(nextMs(), undefined, { signal: ending }).catch(() => {});
  };
  return {
    step: async (name: string, how: StepSpec | (() => Promise<unknown>)) => {
      // One signature at a time: TypeScript does not match a union against overloads.
      await (typeof how === 'function' ? steps.step(name, how) : steps.step(name, how));
      await think();
    },
    agentTask: async (names, spec) => {
      await steps.agentTask(names, spec);
      await think();
    },
  };
}
