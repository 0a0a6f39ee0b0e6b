import type { Gate, Phase } from '../model/index.ts';

/**
 * A run of the API lane alone. Artillery starts no worker for phases of pauses, so such a script keeps a user a phase for
 * Artillery to count on; the worker then plays the phases as pauses, and no browser user ever comes.
 */
export function withoutUsers(phases: readonly Phase[]): Phase[] {
  return phases.map(({ name, durationS }) => ({ name, durationS, arrivalRate: null, rampTo: null, arrivalCount: null, pause: true }));
}

/** Returns such phases in Artillery's own form. */
export function asPauses(phases: readonly Phase[]): object[] {
  return phases.map(({ name, durationS }) => ({ name, pause: durationS }));
}

/** What only browser users can show: `request_*` are the requests of their pages. */
const OF_USERS: ReadonlySet<Gate['metric']> = new Set<Gate['metric']>([
  'perceived_latency', 'vital', 'agent_completion', 'agent_first_progress', 'agent_success_rate', 'cold_start_incidence',
  'cold_start_penalty', 'request_latency', 'request_error_rate', 'journey_error_rate',
]);

/** Returns whether a gate can be judged at all in a run without browser users. */
export function needsUsers(gate: Pick<Gate, 'metric'>): boolean {
  return OF_USERS.has(gate.metric);
}
