import { MOST_SLOTS } from '../../model/index.ts';
import type { Observation, Plan, Story } from '../../model/index.ts';
import type { Analysis } from '../analyze.ts';

export interface StoryTeller {
  add(observation: Observation): void;
  /** The analysis is that of the same observations. */
  finish(analysis: Analysis): Story;
}

/** Returns a teller to feed with a run's observations, in any order. The same set gives the same story. */
export function createStory(plan: Plan): StoryTeller {
  let lastMs = 0;
  return {
    add: (observation) => {
      lastMs = Math.max(lastMs, observation.tMs);
    },
    finish: () => {
      const slotMs = Math.max(1, Math.ceil(lastMs / MOST_SLOTS / 1_000)) * 1_000;
      return {
        slotMs, slots: Math.ceil(lastMs / slotMs), phases: phasesOf(plan), faults: [], panels: [], breakers: [], waterfalls: [],
        distributions: [], temperatures: [], failures: [],
      };
    },
  };
}

/** As planned: a phase that was cut short ends with the run. */
function phasesOf(plan: Plan): Story['phases'] {
  let fromMs = 0;
  return plan.phases.map(({ name, durationS }) => {
    const stretch = { name, fromMs, toMs: fromMs + durationS * 1_000 };
    fromMs = stretch.toMs;
    return stretch;
  });
}
