import type { Gate, Phase, Plan } from '../model/index.ts';
import { isReplayAlone, replayGates } from './replay.ts';

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

interface Gates {
  gates: Gate[];
  gatesNotInProfile: string[];
}

/**
 * Returns the gates to judge. Without browser users those that only users can show are set aside, as of another profile; and
 * without an audit those that only the books of payments can. Where traffic is replayed and nothing else, those of its profile.
 */
export function judgeable(
  { gates, gatesNotInProfile }: Gates, { phases, audit, replay, profile }: Pick<Plan, 'phases' | 'audit' | 'profile' | 'replay'>,
): Gates {
  if (isReplayAlone({ phases, replay })) {
    const own = replayGates(gates, profile);
    return { gates: own, gatesNotInProfile: [...gatesNotInProfile, ...gates.filter((gate) => !own.includes(gate)).map(({ id }) => id)] };
  }
  const noUsers = phases.every((phase) => phase.pause);
  const aside = gates.filter(({ metric }) => (noUsers && OF_USERS.has(metric)) || (audit === undefined && metric === 'integrity'));
  return {
    gates: gates.filter((gate) => !aside.includes(gate)),
    gatesNotInProfile: [...gatesNotInProfile, ...aside.map(({ id }) => id)],
  };
}
