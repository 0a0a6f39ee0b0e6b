/** A page, or a part of it, could not be had; the message says why in a few words, without any credentials. */
export class NoPage extends Error {
  /** Nobody answered, or not to the end: another time it may work. */
  readonly unanswered: boolean;

  constructor(why: string, unanswered: boolean) {
    super(why);
    this.unanswered = unanswered;
  }
}

export interface Bounds {
  /** For the whole exchange, the last byte included. */
  limitMs: number;
  maxBytes: number;
  signal?: AbortSignal;
  /** Sent beside what the exchange itself needs: what it is tagged with. */
  headers?: Record<string, string>;
}

export interface Asked {
  url: string;
  accept: string;
  /** Sent as a form with POST; GET without. */
  form?: Record<string, string>;
  /** Sent as JSON with POST. */
  json?: unknown;
}

const MIB = 1024 ** 2;

/**
 * Asks for a page and gives it to `onText` piece by piece as it comes; returns its status and content type.
 * User and password in the address are sent as basic authentication. A page beyond its bounds is left at once, in the
 * middle. A redirect is the answer: it may lead to a host that nothing may be sent to, and a POST would become a GET. Throws
 * NoPage; whatever `onText` throws ends the exchange too, and is passed on.
 */
export async function fetchBounded(
  { url, accept, form, json }: Asked, { limitMs, maxBytes, signal, headers = {} }: Bounds, onText: (text: string, head: Head) => void,
): Promise<Head> {
  const { address, host, authorization } = partsOf(url);
  const late = AbortSignal.timeout(limitMs);
  const bounds = signal ? AbortSignal.any([late, signal]) : late;
  let bytes = 0;
  const decoder = new TextDecoder();
  let onTextThrew: unknown;
  try {
    const response = await fetch(address, {
      signal: bounds, redirect: 'manual',
      headers: { ...headers, accept, ...(authorization ? { authorization } : {}), ...(json ? { 'content-type': 'application/json' } : {}) },
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
      ...(json ? { method: 'POST', body: JSON.stringify(json) } : {}),
    });
    const head = { status: response.status, contentType: response.headers.get('content-type') ?? '', host };
    const give = (text: string): void => {
      try {
        onText(text, head);
      } catch (error) {
        onTextThrew = error;
        throw error;
      }
    };
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new NoPage(`too large: ${host} sends more than ${maxBytes / MIB} MB`, false);
      give(decoder.decode(chunk, { stream: true }));
    }
    give(decoder.decode());
    return head;
  } catch (error) {
    if (error instanceof NoPage || error === onTextThrew) throw error;
    if (late.aborted) throw new NoPage(`no answer: ${host} took longer than ${Math.round(limitMs)} ms`, true);
    throw new NoPage(`no answer: ${host} ${whyNot(error)}`, true);
  }
}

export interface Head {
  status: number;
  contentType: string;
  host: string;
}

function partsOf(url: string): { address: URL; host: string; authorization: string | null } {
  const address = URL.parse(url);
  if (!address) throw new NoPage('no answer: its address is not one', false);
  const { username, password, host } = address;
  address.username = '';
  address.password = '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { address, host, authorization: pair === ':' ? null : `Basic ${Buffer.from(pair).toString('base64')}` };
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'reset the connection',
  UND_ERR_SOCKET: 'closed the connection too early',
  ENOTFOUND: 'is no known host',
  EAI_AGAIN: 'is a host that cannot be looked up',
  EHOSTUNREACH: 'cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'cannot be reached',
};

function whyNot(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  const { code = '', message = '' } = cause ?? {};
  if (REASONS[code]) return REASONS[code];
  if (/^HPE_/.test(code)) return 'does not speak HTTP';
  return `gave none (${code || message || (error as Error).message})`;
}
