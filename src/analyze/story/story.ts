import type { Observation, Plan, Story } from '../../model/index.ts';
import type { Analysis } from '../analyze.ts';
import { createApiPanels } from './api-panels.ts';
import { createCourse } from './course.ts';
import { distributionsOf } from './distributions.ts';
import { createFailures } from './failures.ts';
import { createGeneratorPanels } from './generator-panels.ts';
import { createLatencyPanels } from './latency-panels.ts';
import { Slots, gridOf } from './slots.ts';
import { createTargetPanels } from './target-panels.ts';
import { createTemperatures } from './temperatures.ts';
import { createUserPanels } from './user-panels.ts';
import { createWaterfalls } from './waterfalls.ts';

export interface StoryTeller {
  add(observation: Observation): void;
  /** The analysis is that of the same observations. */
  finish(analysis: Analysis): Story;
}

/**
 * Returns a teller to feed with a run's observations, in any order. The same set gives the same story. Whatever the
 * length of the run, it keeps counts and sketches of at most MOST_SLOTS slots, and so many names of each kind: no
 * samples.
 */
export function createStory(plan: Plan): StoryTeller {
  const seen = new Slots<object>(() => ({}), () => {});
  const makers = [
    createLatencyPanels(plan), createUserPanels(), createApiPanels(plan), createGeneratorPanels(),
    createTargetPanels(plan),
  ];
  const course = createCourse(plan);
  const waterfalls = createWaterfalls(plan);
  const temperatures = createTemperatures(plan);
  const failures = createFailures();
  const parts = [...makers, course, waterfalls, temperatures, failures];
  return {
    add(observation) {
      // The books are read, and data is removed, when the run is over: that is no part of it.
      if (observation.kind === 'ledger' || observation.kind === 'audit' || observation.kind === 'teardown') return;
      seen.at(observation.tMs);
      for (const part of parts) part.add(observation);
    },
    finish(analysis) {
      const grid = gridOf(analysis.lastMs, seen);
      return {
        slotMs: grid.slotMs,
        slots: grid.slots,
        ...course.finish(analysis.lastMs),
        panels: makers.flatMap((maker) => maker.panels(grid)),
        waterfalls: waterfalls.finish(analysis),
        distributions: distributionsOf(plan, analysis),
        temperatures: temperatures.finish(analysis.counts),
        failures: failures.finish(),
      };
    },
  };
}
