import { emptyRate } from './series.ts';
import type { RateSeries } from './series.ts';

/** The service that runs agent tasks; its uses are known one by one from the tasks themselves. */
const AGENT_SERVICE = 'agent';

/** Gathers who met a cold start of which service. */
export interface ColdStarts {
  /** One agent task; `cold` is null where nobody could tell. */
  addTask(vu: string | null, cold: boolean | null): void;
  addStart(service: string, vu: string | null): void;
  /**
   * Returns the incidence of each service: for the agent of its tasks, for any other of all `users` of the run, because
   * nothing tells who used it without meeting a start. A service of which nothing was seen is not among them.
   */
  incidence(users: number): RateSeries[];
}

export function createColdStarts(): ColdStarts {
  const tasks: { vu: string | null; cold: boolean | null }[] = [];
  const started = new Map<string, Set<string>>();
  const agentIncidence = (): RateSeries => {
    const series = emptyRate('cold_start_incidence', { service: AGENT_SERVICE });
    const users = started.get(AGENT_SERVICE);
    for (const task of tasks) {
      // The start is reported beside the task, perhaps later: whoever met one had a cold task.
      const cold = task.vu !== null && users?.has(task.vu) ? true : task.cold;
      if (cold === null) series.unknown += 1;
      else series.n += 1;
      if (cold) series.events += 1;
    }
    return series;
  };
  return {
    addTask: (vu, cold) => {
      tasks.push({ vu, cold });
    },
    addStart: (service, vu) => {
      const users = started.get(service) ?? new Set();
      started.set(service, users.add(vu ?? `nobody-${users.size}`));
    },
    incidence: (users) => {
      const others = [...started].filter(([service]) => service !== AGENT_SERVICE || tasks.length === 0);
      const rates = others.map(([service, met]): RateSeries => ({
        ...emptyRate('cold_start_incidence', { service }),
        events: met.size,
        n: Math.max(users, met.size),
      }));
      return tasks.length > 0 ? [agentIncidence(), ...rates] : rates;
    },
  };
}
