import { CodedError } from '../errors.ts';

const LIMIT_MS = 10_000;

/** Returns the target's address without a trailing slash. Throws J_TARGET_INVALID. */
export function parseTarget(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol) || !url.hostname) {
    throw new CodedError('J_TARGET_INVALID', [{ where: `target ${JSON.stringify(text)}`, message: 'not an http(s) address' }]);
  }
  if (url.username || url.password) {
    throw new CodedError('J_TARGET_INVALID', [
      { where: 'target', message: 'credentials do not belong in an address', hint: 'set TARGET_HTTP_USER and TARGET_HTTP_PASSWORD in .env' },
    ]);
  }
  return url.href.replace(/\/+$/, '');
}

/** An answer on the way to the page that was asked for. */
export interface TargetAnswer {
  url: string;
  headers: Headers;
  /** Null for an answer that leads nowhere else. */
  redirectsTo: string | null;
}

export interface TargetCheck {
  healthPath?: string | undefined;
  headers?: Record<string, string>;
  /** Looks at each answer, and returns whether to go where it leads; what it throws ends the check. Left out: everywhere. */
  follows?: (answer: TargetAnswer) => boolean;
}

/** As many as browsers and fetch follow. */
const MAX_REDIRECTS = 20;

/**
 * Asks the target once whether it is ready. With a health path, only a 2xx answer will do; without, anything but a server
 * error. Throws J_TARGET_DOWN or J_TARGET_UNHEALTHY, with what the target said.
 */
export async function checkTarget(url: string, { healthPath, headers = {}, follows = () => true }: TargetCheck): Promise<void> {
  const address = url + (healthPath ?? '/');
  const response = await answerOf(new URL(address), headers, follows);
  const body = (await response.text().catch(() => '')).replace(/\s+/g, ' ').slice(0, 200);
  const ready = healthPath ? response.ok : response.status < 500;
  if (!ready) throw new CodedError('J_TARGET_UNHEALTHY', [{ where: address, message: `answered ${response.status}${body ? `: ${body}` : ''}` }]);
}

/** Follows redirects one by one, since each may lead to a host that nothing may be sent to. */
async function answerOf(
  first: URL, headers: Record<string, string>, follows: (answer: TargetAnswer) => boolean,
): Promise<Response> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const down = (message: string, cause?: unknown): CodedError =>
    new CodedError('J_TARGET_DOWN', [{ where: first.href, message }], { cause });
  let url = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const response = await fetch(url, { redirect: 'manual', signal, headers: headersFor(url, first, headers) })
      .catch((error: unknown) => Promise.reject(down(networkReason(error), error)));
    const to = redirectOf(response, url);
    if (!follows({ url: url.href, headers: response.headers, redirectsTo: to?.href ?? null }) || to === null) return response;
    await response.body?.cancel();
    url = to;
  }
  throw down(`redirected more than ${MAX_REDIRECTS} times`);
}

/** Returns the headers for an address that the first one led to: credentials are not for another origin. */
export function headersFor(url: URL, first: URL, headers: Record<string, string>): Record<string, string> {
  if (url.origin === first.origin) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
}

/** Returns where an answer leads; null where nowhere. */
export function redirectOf(response: Response, from: URL): URL | null {
  const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
  const to = location === null ? null : URL.parse(location, from);
  return to !== null && /^https?:$/.test(to.protocol) ? to : null;
}

/** Returns in plain words why a request got no answer. */
export function networkReason(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  if ((error as Error).name === 'TimeoutError') return `no answer within ${LIMIT_MS} ms`;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}
