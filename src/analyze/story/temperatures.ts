import type { Distribution, Observation, Plan, Temperature } from '../../model/index.ts';
import { isSample } from '../series.ts';
import type { Span } from '../windowed.ts';
import { nearestRank } from '../order-bounds.ts';
import { binsOf } from './bins.ts';
import { LeastNames } from './least.ts';

/** Days of a soak have fewer tasks than this; of more, so many are as good as all. */
const MOST_TASKS = 20_000;

/** A duration is null where that point was never reached. */
interface Task {
  cold: boolean;
  passed: boolean;
  span: Span;
  firstProgressMs: number | null;
  completedMs: number | null;
}

export interface Temperatures {
  add(one: Observation): void;
  /** `counts`: whether the observers were undisturbed in a span. Nothing where no task met a cold service. */
  finish(counts: (span: Span) => boolean): Temperature[];
}

/**
 * Gathers what users of a cold agent waited, and what those of a warm one did. Observers only, warm-up included: that
 * is when services are cold. A task of which nobody could tell is in neither.
 */
export function createTemperatures(plan: Plan): Temperatures {
  const tasks = new LeastNames<{ task: Task | null }>(MOST_TASKS, () => ({ task: null }));
  return {
    add(one) {
      if (one.kind !== 'agentTask' || one.role !== 'observer' || one.cold === null || !isSample(one.outcome)) return;
      const { cold, firstProgressMs, completedMs, tMs } = one;
      const entry = tasks.at(`${one.vu} ${tMs}`);
      if (!entry) return;
      const span = { fromMs: Math.max(0, tMs - (completedMs ?? firstProgressMs ?? 0)), toMs: tMs };
      entry.task = { cold, passed: one.outcome === 'passed', span, firstProgressMs, completedMs };
    },
    finish(counts) {
      const known = tasks.entries().flatMap(([, { task }]) => (task !== null && counts(task.span) ? [task] : []));
      if (!known.some(({ cold }) => cold)) return [];
      const sampled = tasks.cut ? `, ${MOST_TASKS.toLocaleString('en-US')} of the tasks` : '';
      const of = (what: string, metric: string, value: (task: Task) => number | null): Temperature => {
        const spread = (cold: boolean): Distribution =>
          distributionOf(metric, cold, known.filter((task) => task.cold === cold), value, plan.settings.stepDeadlineMs);
        return { what: `${what}${sampled}`, unit: 'ms', cold: spread(true), warm: spread(false) };
      };
      return [
        of('Agent task, first progress', 'agent_first_progress', (task) => task.firstProgressMs),
        of('Agent task, completion', 'agent_completion', (task) => (task.passed ? task.completedMs : null)),
      ].filter(({ cold }) => cold.n > 0);
    },
  };
}

function distributionOf(
  metric: string, cold: boolean, tasks: readonly Task[], value: (task: Task) => number | null, deadlineMs: number,
): Distribution {
  const temperature = cold ? 'cold' : 'warm';
  const values = tasks.flatMap((task) => value(task) ?? []).sort((a, b) => a - b);
  const censored = tasks.filter((task) => !task.passed && value(task) === null).length;
  const n = values.length + censored;
  const at = (p: number): number | null => (n === 0 ? null : (values[nearestRank(n, p) - 1] ?? null));
  return {
    metric, scope: { temperature }, title: temperature, unit: 'ms', n, censored,
    deadlineMs: censored > 0 ? deadlineMs : null, p50: at(0.5), p95: at(0.95), bins: binsOf(values, 'ms'),
  };
}
