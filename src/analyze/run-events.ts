import type { RunObservation } from '../model/index.ts';

/** How a run ended; all false for one that never said (killed). */
export interface RunEnd {
  completed: boolean;
  interrupted: boolean;
  fault: boolean;
}

export interface RunEvents {
  add(one: RunObservation): void;
  finish(): {
    ended: RunEnd;
    /** Why it ended before its phases did, as planned; null where it did not. */
    stopped: string | null;
    /** Users that Artillery counted over all parts of the run; null where one of them never said. */
    artilleryCreated: number | null;
  };
}

/** Gathers what a run says of itself, in any order. Of a resumed run only the end of its last part holds. */
export function createRunEvents(): RunEvents {
  const events: RunObservation[] = [];
  return {
    add: (one) => {
      events.push(one);
    },
    finish() {
      const resumed = events.filter(({ event }) => event === 'resumed');
      const resumedMs = Math.max(-1, ...resumed.map(({ tMs }) => tMs));
      const has = (event: RunObservation['event']): boolean => events.some((one) => one.event === event && one.tMs > resumedMs);
      const created = events.flatMap(({ counters }) => counters?.['vusers.created'] ?? []);
      const stop = events.find(({ event }) => event === 'stopped');
      return {
        ended: { completed: has('completed'), interrupted: has('interrupted'), fault: has('fault') },
        stopped: stop === undefined ? null : (stop.detail ?? 'as planned'),
        artilleryCreated: created.length <= resumed.length ? null : created.reduce((sum, count) => sum + count, 0),
      };
    },
  };
}
