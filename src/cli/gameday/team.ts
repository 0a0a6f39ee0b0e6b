import type { GameDay, GameDayDecision } from '../../model/game-day.ts';
import type { Answers, HeldDrill } from './script.ts';

/** What a team is asked. Each call resolves with null once the signal is aborted. */
export interface Team {
  readonly kind: GameDay['team'];
  /**
   * Resolves with true when the team says that something is wrong; `alerted` and `faultIn` are for teams that are none.
   */
  notice(when: { alerted: Promise<void>; faultIn: Promise<void> }, signal: AbortSignal): Promise<true | null>;
  /** Resolves with the name of a page. */
  runbook(pages: readonly string[], signal: AbortSignal): Promise<string | null>;
  /** `again`: what was decided before has not helped so far. */
  decide(flags: readonly FlagState[], again: boolean, signal: AbortSignal): Promise<GameDayDecision | 'give up' | null>;
  close(): void;
}

export interface FlagState {
  name: string;
  enabled: boolean;
}

export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Resolves with the value, or with null as soon as the signal is aborted. Rejects as the promise does. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) {
    promise.catch(() => {});
    return null;
  }
  let stop = (): void => {};
  const aborted = new Promise<null>((resolve) => {
    stop = () => resolve(null);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Returns a team that knows what to do: at once, the first of what fits the drill. */
export function practiceTeam({ runbooks, decisions }: HeldDrill, sleep: Sleep): Team {
  const [runbook = ''] = runbooks;
  return {
    ...answeringTeam({ notice: { after_alert: 0 }, runbook, decisions: decisions.slice(0, 1) }, sleep),
    kind: 'practice',
  };
}

/** Returns a team whose answers were given beforehand. It gives up once it has no further decision. */
export function answeringTeam({ notice, runbook, decisions }: Answers, sleep: Sleep): Team {
  const left = [...decisions];
  return {
    kind: 'answers',
    async notice({ alerted, faultIn }, signal) {
      const [event, ms] = 'after_alert' in notice ? [alerted, notice.after_alert] : [faultIn, notice.after_fault];
      const seen = event.then(async () => {
        if (ms > 0) await sleep(ms, signal);
      });
      await unlessAborted(seen, signal);
      return signal.aborted ? null : true;
    },
    runbook: async () => runbook,
    decide: async () => left.shift() ?? 'give up',
    close: () => {},
  };
}
