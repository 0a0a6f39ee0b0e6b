import { setTimeout as passed } from 'node:timers/promises';

/** More than this is not believed of a Retry-After: a dependency that asks for an hour is asked again before. */
const LONGEST_RETRY_AFTER_MS = 30_000;

/** What the clients of our dependencies say of an answer: Stripe's SDK, OpenAI's, S3's. */
interface Answered {
  status?: unknown;
  statusCode?: unknown;
  headers?: unknown;
  $metadata?: { httpStatusCode?: unknown };
  $response?: { headers?: unknown };
}

/** The HTTP status of the answer that an error stands for; null where there was no answer at all. */
export function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null;
  const { status, statusCode, $metadata } = error as Answered;
  const known = [status, statusCode, $metadata?.httpStatusCode].find((value) => typeof value === 'number');
  return known ?? null;
}

function headerOf(error: unknown, name: string): string | null {
  const { headers, $response } = (error ?? {}) as Answered;
  for (const held of [headers, $response?.headers]) {
    if (held instanceof Headers) return held.get(name);
    if (typeof held !== 'object' || held === null) continue;
    const value = (held as Record<string, unknown>)[name];
    if (typeof value === 'string') return value;
  }
  return null;
}

/** How long the answer asked to stay away (Retry-After in seconds, or a date), in ms; null where it did not. */
export function retryAfterMs(error: unknown, nowMs: number = Date.now()): number | null {
  const text = headerOf(error, 'retry-after')?.trim() ?? '';
  const askedMs = /^\d+$/.test(text) ? Number(text) * 1000 : text === '' ? NaN : Date.parse(text) - nowMs;
  return Number.isNaN(askedMs) ? null : Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, askedMs));
}

/**
 * Whether the dependency failed: no answer, a time-out, 408, 429 or 5xx. Other refusals (a declined card, a wrong
 * parameter, a key still in use) are answers: the dependency works.
 */
export function isFault(error: unknown): boolean {
  const status = statusOf(error);
  return status === null || status >= 500 || status === 408 || status === 429;
}

/**
 * "Full jitter": any time up to a limit that doubles with each attempt, so that callers that failed together do not
 * come back together (AWS Architecture Blog, "Exponential Backoff And Jitter"). The first attempt is 1.
 */
export const fullJitterMs = (attempt: number, baseMs: number, maxMs: number): number =>
  Math.random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));

export interface RetrySettings {
  /** Calls at most, the first one included. */
  attempts: number;
  baseMs: number;
  maxMs: number;
  /** No attempt begins later than this: what a caller waits is this and one call's time limit, at most. */
  startWithinMs: number;
  isRetryable: (error: unknown) => boolean;
  /** Hears of each retry. */
  onRetry: () => void;
}

/**
 * Calls again after a failure that may pass, after a jittered wait and never before the Retry-After of the answer. Only
 * for what is safe to repeat: reads, and writes with an idempotency key. Rejects with the last failure.
 */
export async function withRetries<T>(work: () => Promise<T>, settings: RetrySettings): Promise<T> {
  const lastStartMs = performance.now() + settings.startWithinMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const waitMs = Math.max(fullJitterMs(attempt, settings.baseMs, settings.maxMs), retryAfterMs(error) ?? 0);
      const late = performance.now() + waitMs > lastStartMs;
      if (attempt >= settings.attempts || late || !settings.isRetryable(error)) throw error;
      settings.onRetry();
      await passed(waitMs);
    }
  }
}
