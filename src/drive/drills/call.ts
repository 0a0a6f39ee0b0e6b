/** One HTTP exchange of a drill: small, bounded, never redirected. */

/** A drill could not reach what it works on, or was refused; the message says so in plain words, without credentials. */
export class DrillCallError extends Error {
  /** Nobody listens there at all. */
  readonly gone: boolean;

  constructor(message: string, gone = false) {
    super(message);
    this.name = 'DrillCallError';
    this.gone = gone;
  }
}

export interface Call {
  method: string;
  url: string;
  headers?: Record<string, string>;
  /** Sent as JSON; nothing when left out. */
  body?: unknown;
}

/** An API on the same machine answers within milliseconds; a hung one must not hold a run. */
const LIMIT_MS = 5_000;
const LONGEST_WORDS = 200;

/**
 * Returns the JSON that an address answers with, null for an empty answer or one that is no JSON. `accept` are the statuses that
 * are no failure beside 2xx. Throws DrillCallError.
 */
export async function callJson({ method, url, headers = {}, body }: Call, accept: readonly number[] = [], limitMs = LIMIT_MS): Promise<unknown> {
  const what = `${method} ${withoutQuery(url)}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method, redirect: 'manual', signal: AbortSignal.timeout(limitMs),
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (error) {
    throw unanswered(what, error, limitMs);
  }
  if (!response.ok && !accept.includes(response.status)) {
    const said = text.replace(/\s+/g, ' ').slice(0, LONGEST_WORDS);
    throw new DrillCallError(`${what} answered ${response.status}${said ? `: ${said}` : ''}`);
  }
  try {
    return text === '' ? null : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

/** A query may hold a key. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, '');
}

function unanswered(what: string, error: unknown, limitMs: number): DrillCallError {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return new DrillCallError(`${what}: no answer within ${limitMs} ms`);
  const code = cause?.code ?? '';
  if (code === 'ECONNREFUSED') return new DrillCallError(`${what}: nobody listens there`, true);
  // A server that ends while it is asked is as gone as one that has ended.
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return new DrillCallError(`${what}: the connection was lost`, true);
  return new DrillCallError(`${what}: ${code || cause?.message || message}`);
}
