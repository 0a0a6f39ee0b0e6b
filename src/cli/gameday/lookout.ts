import type { BreakerState } from '../../collect/breakers.ts';
import { BUDGET_RUNBOOK, runbookOf, type Check } from '../../model/index.ts';
import { counted, harmless } from '../../report/text.ts';

/** One journey of a round, as far as a game day looks at it. */
export interface SeenCheck {
  journey: string;
  status: Check['status'];
  /** Why it is not up, in one sentence; null where it is. */
  why: string | null;
  /** What its user was shown in place of the real thing. */
  degraded: readonly string[];
}

export interface SeenRound {
  startedAtEpochMs: number;
  endedAtEpochMs: number;
  checks: readonly SeenCheck[];
}

export interface LookoutOptions {
  nowEpochMs: () => number;
  /** Told of what people are to see: changes of the checks, and alerts. */
  tell: (kind: 'check' | 'alert', text: string) => void;
}

/** So many good rounds in a row are a state, and not a moment. */
export const GOOD_ROUNDS = 2;

const SEVERITY = { page: 'PAGE', ticket: 'TICKET' } as const;

/** Returns whether a round shows nothing wrong: every journey up at once, and nobody given a fallback. */
export function isGood({ checks }: Pick<SeenRound, 'checks'>): boolean {
  return checks.length > 0 && checks.every(({ status, degraded }) => status === 'up' && degraded.length === 0);
}

/**
 * Watches what checks and breakers say, and alerts as production would: a page once a journey is down (an error budget
 * of 99.9 % burns fast enough for that with one round of five minutes), a ticket once circuit breakers open, as the
 * rule on their trips does. Neither names the dependency: finding that out is the team's part.
 */
export class Lookout {
  readonly #options: LookoutOptions;
  readonly #rounds: SeenRound[] = [];
  readonly #breakers = new Map<string, BreakerState>();
  readonly #down = new Set<string>();
  #shown = '';
  #tripped = false;
  /** When the last of the breakers that were open was closed. */
  #closedAtEpochMs = 0;
  readonly #looks = new Set<() => void>();
  firstFailingAtEpochMs: number | null = null;
  firstAlertAtEpochMs: number | null = null;

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  get rounds(): number {
    return this.#rounds.length;
  }

  /** Forgets what was before: the first failing check and the first alert count from here. */
  fromHere(): void {
    this.firstFailingAtEpochMs = null;
    this.firstAlertAtEpochMs = null;
    this.#down.clear();
    this.#tripped = false;
  }

  sawRound(round: SeenRound): void {
    this.#rounds.push(round);
    if (!isGood(round)) this.firstFailingAtEpochMs ??= round.endedAtEpochMs;
    const text = this.standing();
    if (text !== this.#shown) this.#options.tell('check', text);
    this.#shown = text;
    for (const { journey, status, why } of round.checks) {
      if (status === 'up') this.#down.delete(journey);
      if (status !== 'down' || this.#down.has(journey)) continue;
      this.#down.add(journey);
      this.#alert('page', `${journey} is down: ${why ?? 'it failed every time'}`, BUDGET_RUNBOOK);
    }
    this.#look();
  }

  sawBreaker(dependency: string, state: BreakerState): void {
    const wasOpen = this.openBreakers.length > 0;
    // Nobody has seen it close: a target that tells nothing while it is down is not well again by that.
    if (state === 'unknown' && this.openBreakers.includes(dependency)) return;
    this.#breakers.set(dependency, state);
    const open = this.openBreakers.length > 0;
    if (open && !this.#tripped)
      this.#alert('ticket', 'circuit breakers opened, and without a fault none has a reason to', runbookOf('kpi'));
    if (wasOpen && !open) this.#closedAtEpochMs = this.#options.nowEpochMs();
    this.#tripped = open;
    this.#look();
  }

  /** Dependencies whose breaker was not closed when it was last read; one that nobody could ever read holds nothing up. */
  get openBreakers(): string[] {
    return [...this.#breakers].filter(([, state]) => state === 'open' || state === 'half-open').map(([name]) => name);
  }

  /** What the newest round showed, in one line. */
  standing(): string {
    const round = this.#rounds.at(-1);
    if (!round) return 'no round of checks has ended yet';
    const bad = round.checks.filter((check) => !isGood({ checks: [check] }));
    const up = `${round.checks.length - bad.length} of ${counted(round.checks.length, 'journey')} up`;
    const said = bad.map(({ journey, status, why, degraded }) => {
      if (status === 'up') return `${journey} up, with a fallback: "${degraded.join('", "')}"`;
      return `${journey} ${status}${why === null ? '' : `: ${why}`}`;
    });
    return harmless([up, ...said].join(' · '));
  }

  /**
   * Resolves once so many good rounds in a row have all begun at `sinceEpochMs` or later and, where `breakers`, all
   * that are known are closed. The time is that from which on it was well: the end of the first of these rounds, or the
   * last breaker's closing. Resolves with null once aborted.
   */
  good(sinceEpochMs: number, breakers: boolean, signal: AbortSignal): Promise<number | null> {
    return this.#until(() => {
      const last = this.#rounds.slice(-GOOD_ROUNDS);
      const [first] = last;
      if (
        first === undefined ||
        last.length < GOOD_ROUNDS ||
        !last.every((one) => isGood(one) && one.startedAtEpochMs >= sinceEpochMs)
      )
        return null;
      if (!breakers) return first.endedAtEpochMs;
      return this.openBreakers.length === 0 ? Math.max(first.endedAtEpochMs, this.#closedAtEpochMs) : null;
    }, signal);
  }

  /** Resolves with true once so many rounds more have ended, with null once aborted. */
  moreRounds(number: number, signal: AbortSignal): Promise<true | null> {
    const enough = this.#rounds.length + number;
    return this.#until(() => (this.#rounds.length >= enough ? true : null), signal);
  }

  /** Resolves with the time of the first alert since `fromHere`, with null once aborted. */
  alerted(signal: AbortSignal): Promise<number | null> {
    return this.#until(() => this.firstAlertAtEpochMs, signal);
  }

  #until<T>(found: () => T | null, signal: AbortSignal): Promise<T | null> {
    return new Promise((resolve) => {
      const stop = (value: T | null): void => {
        this.#looks.delete(look);
        signal.removeEventListener('abort', onAbort);
        resolve(value);
      };
      const onAbort = (): void => stop(null);
      const look = (): void => {
        const value = signal.aborted ? null : found();
        if (value !== null || signal.aborted) stop(value);
      };
      this.#looks.add(look);
      signal.addEventListener('abort', onAbort, { once: true });
      look();
    });
  }

  #alert(severity: keyof typeof SEVERITY, text: string, runbook: string): void {
    this.firstAlertAtEpochMs ??= this.#options.nowEpochMs();
    this.#options.tell('alert', `${SEVERITY[severity]} · ${harmless(text)} → ${runbook}`);
  }

  #look(): void {
    for (const look of [...this.#looks]) look();
  }
}
