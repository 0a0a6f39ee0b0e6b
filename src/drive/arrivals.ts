import { scheduleOf, type Phase, type Schedule } from '../model/index.ts';

/** One user's arrival as the worker saw it. */
export interface Arrival {
  phase: string | null;
  /**
   * When the user was meant to start, in milliseconds since the run's start; null where nobody can know. Ask late: the
   * start of the phase is known the better, the more of its users have come.
   */
  intendedMs: () => number | null;
}

interface Running {
  name: string;
  schedule: Schedule;
  /** The latest moment at which the phase can have started, by all that is known. */
  startMs: number;
  arrived: number;
  /** A ramp: its current second, and how much later than a whole number of seconds that began. */
  second: number;
  slipMs: number;
}

/** What the timers of a ramp may lose each second (measured: 1.0 to 1.4 ms). More than that is lateness. */
const RAMP_SLIP_MS = 2;

/**
 * Tells each arrival's phase and intended time. Artillery hands neither to its users, and the news of a phase's start comes
 * by way of the main thread, after its first users when that is busy. So users are dealt to phases by their number, which
 * the schedule gives; and the start of a phase is the earliest that fits: no user comes before its time, so each arrival,
 * and the news itself, is a bound from above.
 */
export class ArrivalClock {
  readonly #phases: Running[];
  #current = 0;

  constructor(phases: readonly Phase[]) {
    this.#phases = phases.map((phase) => ({
      name: phase.name, schedule: scheduleOf(phase), startMs: Infinity, arrived: 0, second: 0, slipMs: 0,
    }));
  }

  /** The main thread's news that a phase has started, with when it heard so. */
  phaseStarted(name: string | null, atMs: number): void {
    const index = this.#phases.findIndex((phase) => phase.name === name);
    const phase = this.#phases[index];
    if (!phase) return;
    phase.startMs = Math.min(phase.startMs, atMs);
    // Nobody can count users that come at random: only the news tells that their phase is over. Nor does a steady phase
    // leave users behind. The last users of a ramp, however, may come after it.
    while (this.#current < index && !this.#phases[this.#current]?.schedule.ramp) this.#current += 1;
  }

  /** The next arrival. */
  arrived(atMs: number): Arrival {
    while (this.#current < this.#phases.length - 1 && isOver(this.#phases[this.#current])) this.#current += 1;
    const phase = this.#phases[this.#current];
    if (!phase) return { phase: null, intendedMs: () => null };
    const offsetMs = phase.schedule.offsetMs(phase.arrived);
    phase.arrived += 1;
    if (offsetMs === null) return { phase: phase.name, intendedMs: () => null };
    phase.startMs = Math.min(phase.startMs, atMs - offsetMs);
    if (phase.schedule.ramp) follow(phase, atMs, offsetMs);
    const dueMs = offsetMs + phase.slipMs;
    return { phase: phase.name, intendedMs: () => phase.startMs + dueMs };
  }
}

function isOver(phase: Running | undefined): boolean {
  return phase !== undefined && !phase.schedule.random && phase.arrived >= phase.schedule.count;
}

/** Lets a ramp's seconds begin as late as its timers make them. */
function follow(phase: Running, atMs: number, offsetMs: number): void {
  const second = Math.floor((offsetMs - 1) / 1_000);
  if (second <= phase.second) return;
  const slippedMs = atMs - phase.startMs - offsetMs - phase.slipMs;
  phase.slipMs += Math.min(Math.max(0, slippedMs), RAMP_SLIP_MS * (second - phase.second));
  phase.second = second;
}
