import type { BrowserContext, Request } from 'playwright';
import { parseServerTiming } from './routes.ts';

/** One HTTP exchange, before it is placed in a run. */
export interface RequestSample {
  method: string;
  route: string;
  resource: 'document' | 'api' | 'asset' | 'stream';
  status: number | null;
  /** From the request's start to the last byte, by the browser's network stack; null where it gives no timing. */
  durationMs: number | null;
  serverTiming?: Record<string, number>;
  errorCode?: string;
}

/** A service that says whether it had to be started for this answer; `coldStartMs` is null when it was warm. */
export interface TemperatureSample {
  service: string;
  coldStartMs: number | null;
}

const RESOURCES: Record<string, RequestSample['resource']> = { document: 'document', fetch: 'api', xhr: 'api', eventsource: 'stream' };

/** The user leaving a page ends what it still loads; that is no failure of the target. */
const ABORTED = /ERR_ABORTED|ERR_NETWORK_CHANGED|NS_BINDING_ABORTED/;

/** What a browser is kept from asking. */
export interface HostWatch {
  /** Returns the host that it is kept from, null where it may go. */
  keptFrom: (url: string) => string | null;
  /** One request to this host did not leave. */
  onBlocked: (host: string) => void;
}

/**
 * Watches every request of a context. Times come from the browser's network stack, not from this process, so they hold
 * however busy it is. What the browser was kept from asking is no request. In a Server-Timing header, `cold;dur=…;desc="agent"` says that the service in `desc` had to be
 * started for this answer, and `warm;desc="agent"` that it had not; where neither stands, nobody knows.
 */
export function watchRequests(
  context: BrowserContext,
  route: (url: string) => string,
  onRequest: (sample: RequestSample) => void,
  onTemperature: (sample: TemperatureSample) => void,
  hosts?: HostWatch,
): void {
  const answered = (request: Request): void => {
    const response = request.existingResponse();
    const header = response?.headers()['server-timing'];
    const metrics = header ? parseServerTiming(header) : [];
    const durations = Object.fromEntries(metrics.flatMap(({ name, durationMs }) => (durationMs === null ? [] : [[name, durationMs]])));
    onRequest({
      ...describe(request, route),
      status: response?.status() ?? null,
      durationMs: durationOf(request),
      ...(Object.keys(durations).length > 0 ? { serverTiming: durations } : {}),
    });
    for (const { name, durationMs, description } of metrics) {
      if (name === 'cold' && durationMs !== null) onTemperature({ service: description ?? 'unnamed', coldStartMs: durationMs });
      if (name === 'warm') onTemperature({ service: description ?? 'unnamed', coldStartMs: null });
    }
  };
  context.on('requestfinished', answered);
  context.on('requestfailed', (request) => {
    const keptFrom = hosts?.keptFrom(request.url()) ?? null;
    if (keptFrom !== null) return hosts?.onBlocked(keptFrom);
    const errorText = request.failure()?.errorText ?? 'unknown';
    if (!ABORTED.test(errorText)) onRequest({ ...describe(request, route), status: null, durationMs: null, errorCode: errorText });
    // A page closes its stream when it has what it wanted: that is how a stream ends well.
    else if (request.resourceType() === 'eventsource' && request.existingResponse()) answered(request);
  });
  if (!hosts) return;
  // A WebSocket is no request in Playwright's eyes.
  context.on('page', (page) => page.on('websocket', (socket) => {
    const keptFrom = hosts.keptFrom(socket.url());
    if (keptFrom !== null) hosts.onBlocked(keptFrom);
  }));
}

function describe(request: Request, route: (url: string) => string): Pick<RequestSample, 'method' | 'route' | 'resource'> {
  const type = request.resourceType();
  return { method: request.method(), route: route(request.url()), resource: RESOURCES[type] ?? 'asset' };
}

function durationOf(request: Request): number | null {
  const { responseStart, responseEnd, startTime } = request.timing();
  // -1 stands for "not known". A stream (server-sent events) is timed to its first byte: its end is no latency.
  if (startTime <= 0) return null;
  const end = request.resourceType() === 'eventsource' ? responseStart : responseEnd;
  return end < 0 ? null : end;
}
