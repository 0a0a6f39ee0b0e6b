import { AsyncLocalStorage } from 'node:async_hooks';
import type { Trace } from '../shared/trace.ts';

/** What one request is known by and what it spent; feeds Server-Timing, the log and the calls to other parts. */
export interface RequestContext {
  requestId: string;
  trace: Trace;
  /** The test this request belongs to (header x-test-run-id, or the user agent), null for real traffic. */
  runId: string | null;
  startedMs: number;
  dbMs: number;
  renderMs: number | null;
  /** Whether the page's main part was in the cache; null for what is not kept in one. */
  cache: 'hit' | 'miss' | null;
  /** The agent runner that served this request, and how long its start was waited for; null when none was needed. */
  runner: { coldMs: number | null } | null;
}

export const requestContext = new AsyncLocalStorage<RequestContext>();

/** The run id of the request being served; null outside a request or for real traffic. */
export function currentRunId(): string | null {
  return requestContext.getStore()?.runId ?? null;
}
