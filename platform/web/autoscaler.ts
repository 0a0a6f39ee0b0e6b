/** Requests in flight in one worker, on average: above, they wait for each other. */
const TARGET_IN_FLIGHT = 5;
/** Share of time in which one worker is busy: above, a queue grows unseen, in its sockets. */
const TARGET_UTILISATION = 0.8;
/** A rush must last this long: one slow answer is none. */
const HOT_MS = 500;
/** Between two new workers, so that the work of the first one is seen before the second is asked for. */
const COOL_DOWN_MS = 2000;
/** Remaining workers must have this much room, or the next sample would call for the worker that was just let go. */
const ROOM = 0.5;

/** One look at the ready workers, sums over all of them. */
export interface Look {
  ready: number;
  starting: number;
  inFlight: number;
  utilisation: number;
}

/**
 * Decides how many web workers there should be, from one look every quarter of a second. Times come from the caller.
 * More when each has too much to do for half a second; fewer when the others could have done it all for `idleMs`.
 */
export function createAutoscaler(limits: { min: number; max: number; idleMs: number }) {
  let hotSinceMs: number | null = null;
  let neededMs = -Infinity;
  let changedMs = -Infinity;

  const overloaded = (look: Look, workers: number, share: number): boolean =>
    look.inFlight > workers * TARGET_IN_FLIGHT * share || look.utilisation > workers * TARGET_UTILISATION * share;

  return (nowMs: number, look: Look): 'more' | 'fewer' | null => {
    const { ready, starting } = look;
    hotSinceMs = overloaded(look, ready, 1) ? hotSinceMs ?? nowMs : null;
    if (overloaded(look, ready - 1, ROOM) || neededMs === -Infinity) neededMs = nowMs;
    const hot = hotSinceMs !== null && nowMs - hotSinceMs >= HOT_MS && nowMs - changedMs >= COOL_DOWN_MS;
    if (hot && ready > 0 && starting === 0 && ready < limits.max) {
      changedMs = nowMs;
      return 'more';
    }
    const idle = nowMs - neededMs >= limits.idleMs && nowMs - changedMs >= limits.idleMs;
    if (idle && starting === 0 && ready > limits.min) {
      changedMs = nowMs;
      return 'fewer';
    }
    return null;
  };
}
