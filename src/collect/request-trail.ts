import type { BrowserContext, Request } from 'playwright';
import type { Attribution } from '../model/index.ts';
import { attribute, type RequestSpan } from './attribution.ts';
import { parseServerTiming } from './routes.ts';

/** The requests of one user, kept until their step is over. */
export interface RequestTrail {
  /** Returns where the time of a step went; ask right after it, step by step in their order. */
  attribute(startedAtEpochMs: number, perceivedMs: number): Attribution;
}

const KINDS: Record<string, RequestSpan['kind']> = {
  document: 'document', eventsource: 'stream', fetch: 'code', xhr: 'code', script: 'code', stylesheet: 'code', image: 'picture',
};
/** A page that never stops asking must not fill the generator's memory; no step waits for this many. */
const MOST_KEPT = 2_000;

/** Follows a context's requests. Costs one message a request and nothing in the page; times are of the browser's network stack. */
export function followRequests(context: BrowserContext, route: (url: string) => string): RequestTrail {
  let kept: Request[] = [];
  context.on('request', (request) => {
    if (!(request.resourceType() in KINDS)) return;
    if (kept.length >= MOST_KEPT) kept = kept.slice(MOST_KEPT / 2);
    kept.push(request);
  });
  return {
    attribute(startedAtEpochMs, perceivedMs) {
      const spans = kept.map((request) => ({ request, span: spanOf(request, route) }));
      // What ended before this step can matter to no later one.
      kept = spans.flatMap(({ request, span }) => (span?.endMs != null && span.endMs < startedAtEpochMs ? [] : [request]));
      return attribute(spans.flatMap(({ span }) => span ?? []), startedAtEpochMs, perceivedMs);
    },
  };
}

/** Returns a request's times; null while the browser has not told any. */
function spanOf(request: Request, route: (url: string) => string): RequestSpan | null {
  const { startTime, requestStart, responseStart, responseEnd } = request.timing();
  if (startTime <= 0) return null;
  // -1 stands for "not known".
  const at = (offsetMs: number): number | null => (offsetMs < 0 ? null : startTime + offsetMs);
  const header = request.existingResponse()?.headers()['server-timing'];
  const total = header === undefined ? undefined : parseServerTiming(header).find((metric) => metric.name === 'total');
  return {
    name: `${request.method()} ${route(request.url())}`,
    kind: kindOf(request),
    startMs: startTime,
    sentMs: at(requestStart),
    firstByteMs: at(responseStart),
    endMs: at(responseEnd),
    serverMs: total?.durationMs ?? null,
  };
}

function kindOf(request: Request): RequestSpan['kind'] {
  const kind = KINDS[request.resourceType()] ?? 'code';
  if (kind !== 'document') return kind;
  try {
    return request.frame().parentFrame() === null ? 'document' : 'code';
  } catch {
    // Its page is only just being made, or gone: a main document all the same.
    return 'document';
  }
}
