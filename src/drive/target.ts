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

/**
 * Asks the target once whether it is ready. With a health path, only a 2xx answer will do; without, anything but a server
 * error. Throws J_TARGET_DOWN or J_TARGET_UNHEALTHY, with what the target said.
 */
export async function checkTarget(url: string, options: { healthPath?: string | undefined; headers?: Record<string, string> }): Promise<void> {
  const address = url + (options.healthPath ?? '/');
  let response: Response;
  try {
    response = await fetch(address, { redirect: 'follow', signal: AbortSignal.timeout(LIMIT_MS), headers: options.headers ?? {} });
  } catch (error) {
    throw new CodedError('J_TARGET_DOWN', [{ where: address, message: networkReason(error) }], { cause: error });
  }
  const body = (await response.text().catch(() => '')).replace(/\s+/g, ' ').slice(0, 200);
  const ready = options.healthPath ? response.ok : response.status < 500;
  if (!ready) throw new CodedError('J_TARGET_UNHEALTHY', [{ where: address, message: `answered ${response.status}${body ? `: ${body}` : ''}` }]);
}

/** Returns in plain words why a request got no answer. */
export function networkReason(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  if ((error as Error).name === 'TimeoutError') return `no answer within ${LIMIT_MS} ms`;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}
