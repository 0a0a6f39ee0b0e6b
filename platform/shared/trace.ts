import { randomBytes } from 'node:crypto';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export interface Trace {
  traceId: string;
  spanId: string;
}

/** The caller's W3C trace continued with a span of our own; a new trace when the header is absent or malformed. */
export function continueTrace(header: string | string[] | undefined): Trace {
  const match = typeof header === 'string' ? TRACEPARENT.exec(header) : null;
  const valid = match !== null && !/^0+$/.test(match[1] ?? '') && !/^0+$/.test(match[2] ?? '');
  return {
    traceId: valid ? (match[1] ?? '') : randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
  };
}

/** The header value that passes a trace on to the next service. */
export function traceparent(trace: Trace): string {
  return `00-${trace.traceId}-${trace.spanId}-01`;
}
