import type { BrowserContext, Locator, Page } from 'playwright';

/** One measured step: what the user does, and what the user waits to see. */
export interface StepSpec {
  do: () => Promise<unknown>;
  /**
   * Any Playwright locator; the step ends when the user sees it. Where the action opens a popup and the user waits for
   * something in there: a function from the popup to the locator.
   */
  until: Locator | ((popup: Page) => Locator);
  /** Time limit of the step in milliseconds; the plan's when left out. */
  deadlineMs?: number;
}

/** A long task in the page that reports progress: from the same click to its first sign and to its end. */
export interface AgentTaskSpec {
  start: () => Promise<unknown>;
  firstProgress: Locator;
  completed: Locator;
  /** Visible when the task ended in a fallback instead of the real result. */
  degraded?: Locator;
  deadlineMs?: number;
}

/**
 * Measures a step. With `until`, the user's perceived latency by the page's own clock. With a bare function (an existing
 * Playwright flow), driver time, marked so that the two are never mixed. Rethrows what the action throws.
 */
export interface StepFunction {
  (name: string, spec: StepSpec): Promise<void>;
  (name: string, action: () => Promise<unknown>): Promise<void>;
}

/** What a user saw come of a payment; src/model/ledger.ts explains each, and the compiler holds the two together. */
export type PaymentShown = 'receipt' | 'confirming' | 'declined' | 'error' | 'unclear';

/**
 * Tells the audit about payments (documentation/integrity.md). The intent's id must be known before the click that pays:
 * then no payment can be lost without being missed. What is never called says nothing.
 */
export interface PaymentLog {
  /** Just before the click: what the page is about to pay for, in minor units (cents) as it shows them. */
  intended(payment: { intentId: string; amountMinor: number | null; currency: string | null; subject: string | null }): void;
  /** What the user saw come of it. */
  shown(intentId: string, what: PaymentShown, amount?: { amountMinor: number | null; currency: string | null }): void;
}

/** What `act` works with. `Fixtures` come from fixtures/index.ts. */
export interface ActTools {
  page: Page;
  context: BrowserContext;
  step: StepFunction;
  /** Measures an agent task as two steps, `first progress` and `brief complete`, say. */
  agentTask: (names: { firstProgress: string; completed: string }, spec: AgentTaskSpec) => Promise<void>;
  payments: PaymentLog;
  /** Notes that the user was shown a fallback, with its text: such a user is counted as degraded, not as failed. */
  degraded: (message: string) => void;
}

export interface Journey<Fixtures, Arranged> {
  name: string;
  /** What the user needs beforehand (an account, a project): off the clock, by API, before the page opens. */
  arrange?: (tools: Fixtures & { context: BrowserContext }) => Promise<Arranged>;
  act: (tools: Fixtures & ActTools, arranged: Arranged) => Promise<void>;
}

/** A journey of any kind, as the runners hold it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a list of journeys mixes what each of them arranges
export type AnyJourney = Journey<any, any>;

/** Marks a value as a journey, so that a file's default export can be told from anything else. */
const JOURNEY = Symbol.for('openshow-journeys.journey');

/** Declares a journey. Runners find it as the default export of `journeys/*.journey.ts`. */
export function defineJourney<Fixtures, Arranged>(spec: Journey<Fixtures, Arranged>): Journey<Fixtures, Arranged> {
  return Object.assign(spec, { [JOURNEY]: true });
}

/** Returns whether a file's export is a journey. */
export function isJourney(value: unknown): value is AnyJourney {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[JOURNEY] === true;
}
