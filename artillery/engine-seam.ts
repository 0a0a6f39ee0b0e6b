import { artillery } from './artillery-global.ts';

/**
 * The one private seam: Artillery's Playwright engine takes its shared browser from `global.artillery.__browser` and makes
 * a context and a page of it for each virtual user. It gets hollow ones. Every real browser, context and page is ours, made
 * when the user's journey runs, because the engine's own would cost what this harness exists to avoid: launches that race
 * and leak, a second set of web vitals that travel by `console.trace`, listeners on every response, and a launch failure
 * that kills the worker. If a later engine no longer takes the browser from there, it starts one of its own, unused; the
 * journeys still run in ours. The contract test (engine-seam.test.ts) tells.
 */
/** A hollow page holds the moment of its user's arrival: the engine asks for its context in Artillery's very own tick. */
const ARRIVED = Symbol('hollow page');

function hollowPage(arrivedAtMs: number): object {
  return { [ARRIVED]: arrivedAtMs, on() {}, async close() {} };
}

function hollowContext(arrivedAtMs: number): object {
  return {
    async addInitScript() {},
    async newPage() {
      return hollowPage(arrivedAtMs);
    },
    setDefaultTimeout() {},
    setDefaultNavigationTimeout() {},
    async close() {},
  };
}

/** Gives the engine a hollow browser. */
export function installHollowBrowser(): void {
  artillery().__browser = { newContext: async () => hollowContext(performance.now()) };
}

/** Returns when the user of a page arrived, by this thread's `performance.now()`; null for a page that is not hollow. */
export function arrivedAtMs(page: unknown): number | null {
  if (typeof page !== 'object' || page === null || !(ARRIVED in page)) return null;
  return page[ARRIVED] as number;
}

/** A virtual user's failure, for Artillery's own count. It is in the observations already. */
export class JourneyFailure extends Error {
  constructor(code: string) {
    super(code);
    this.name = 'JourneyFailure';
  }
}

/** The engine prints every failed user with its trace; ours are in the observations, counted, with their reasons. */
export function muteJourneyFailures(): void {
  const stock = console.error.bind(console);
  console.error = (...args: unknown[]) => {
    if (!(args[0] instanceof JourneyFailure)) stock(...args);
  };
}
