import { hash } from 'node:crypto';
import { harnessVersion } from './environment.ts';

/** What a test says of itself, so that a target's dashboards can leave its traffic out. */
export interface Tag {
  runId: string;
  /** `synthetic`: one user's check, which may go to production; `load`: anything with more. */
  kind: 'load' | 'synthetic';
}

const KINDS: Record<Tag['kind'], string> = { load: 'load test', synthetic: 'synthetic check' };

/** Returns the user agent of whatever is no browser, and what follows a browser's own: `openshow-journeys/1.0.0 (load test; +run …)`. */
export function agentTag({ runId, kind }: Tag, version = harnessVersion()): string {
  return `openshow-journeys/${version} (${KINDS[kind]}; +run ${runId})`;
}

/**
 * Returns the headers that mark a request: the run, W3C trace context (sampled) and W3C baggage. `trace` names what shares
 * one trace (a virtual user, a single request); the same run and name always give the same trace id, which is how a user of
 * a report is found among the target's traces. Left out, there is no trace: what is asked for days is no single one.
 */
export function tagHeaders({ runId, kind }: Tag, trace?: string): Record<string, string> {
  return {
    'x-test-run-id': runId,
    ...(trace === undefined ? {} : { traceparent: traceparent(runId, trace) }),
    'baggage': `test.run_id=${encodeURIComponent(runId)},test.kind=${kind}`,
  };
}

/** Returns the headers of a request that no browser sends: the mark, and the user agent. */
export function taggedRequest(tag: Tag, trace?: string): Record<string, string> {
  return { ...tagHeaders(tag, trace), 'user-agent': agentTag(tag) };
}

/**
 * Returns a W3C traceparent, sampled. The trace id is the first 32 hexadecimal digits of SHA-256 over `<runId>/<trace>`, so that it
 * can be found again, and looks random to samplers; the next 16 are its first span.
 */
export function traceparent(runId: string, trace: string): string {
  const digits = hash('sha256', `${runId}/${trace}`);
  return `00-${digits.slice(0, 32)}-${digits.slice(32, 48)}-01`;
}
