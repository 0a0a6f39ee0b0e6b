import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, sendJson } from './http.ts';
import { seededRandom } from './random.ts';
import { showsToken } from './token.ts';

/** Faults of a provider itself, beyond those of the network: set by its control API, for drills. */
export const FAULT_MODES = ['rate-limit', 'error-500', 'error-503', 'slow', 'no-webhook'] as const;
export type FaultMode = (typeof FAULT_MODES)[number];

export interface ProviderFault {
  mode: FaultMode;
  /** Share of the requests that meet it, above 0 up to 1. */
  share: number;
  /** Of `rate-limit`; 1 when left out. */
  retryAfterSeconds?: number;
  /** Of `slow`. */
  delayMs?: number;
}

const DEFAULT_RETRY_AFTER_SECONDS = 1;
const HIGHEST_RETRY_AFTER_SECONDS = 3600;
const HIGHEST_DELAY_MS = 600_000;

/** Refuses a request of the control API. */
export class ControlFault extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
const invalid = (message: string): ControlFault => new ControlFault(400, 'INVALID_INPUT', message);

/** A number from `lowest` to `highest`, or undefined when it is left out. */
function optional(body: Record<string, unknown>, name: string, lowest: number, highest: number): number | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && Number(value) >= lowest && Number(value) <= highest) return Number(value);
  throw invalid(`${name} must be a whole number from ${lowest} to ${highest}`);
}

/** Reads the body of a PUT /control/fault. Throws ControlFault 400. */
export function readFault(body: unknown, modes: readonly FaultMode[]): ProviderFault {
  if (typeof body !== 'object' || body === null) throw invalid('an object with a mode is needed');
  const given = body as Record<string, unknown>;
  const known = ['mode', 'share', 'retryAfterSeconds', 'delayMs'];
  const strange = Object.keys(given).find((name) => !known.includes(name));
  if (strange !== undefined) throw invalid(`there is no "${strange.slice(0, 50)}" (known: ${known.join(', ')})`);
  const mode = modes.find((one) => one === given['mode']);
  if (mode === undefined) throw invalid(`mode must be one of ${modes.join(', ')}`);
  const share = given['share'] ?? 1;
  if (typeof share !== 'number' || !(share > 0 && share <= 1)) throw invalid('share must be above 0 and at most 1');
  const retryAfterSeconds = optional(given, 'retryAfterSeconds', 0, HIGHEST_RETRY_AFTER_SECONDS);
  const delayMs = optional(given, 'delayMs', 1, HIGHEST_DELAY_MS);
  if (retryAfterSeconds !== undefined && mode !== 'rate-limit') throw invalid('retryAfterSeconds is for rate-limit');
  if (delayMs !== undefined && mode !== 'slow') throw invalid('delayMs is for slow');
  return {
    mode, share, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(delayMs === undefined ? {} : { delayMs }),
  };
}

/** What a request under /control/ is answered with; null for an empty 204. Throws ControlFault. */
export type ControlRoute = (query: URLSearchParams, body: () => Promise<unknown>) => Promise<unknown>;

/** What a struck request meets. */
export type Strike =
  | { kind: 'refuse'; mode: 'rate-limit' | 'error-500' | 'error-503'; headers: Record<string, string> }
  | { kind: 'delay'; delayMs: number | null };

/**
 * The control API of a local provider, on its own port and for the operations token only: GET, PUT and DELETE of
 * /control/fault, and the provider's own `routes` (`GET /control/…`). Which requests a share of less than 1 strikes is
 * drawn from the seed, anew with each PUT, so that the same fault strikes the same ones.
 */
export function createControl(options: {
  token: string;
  seed: number;
  /** `no-webhook` only where there are webhooks. */
  modes: readonly FaultMode[];
  routes?: Record<string, ControlRoute>;
}) {
  const { token, seed, modes, routes = {} } = options;
  let fault: ProviderFault | null = null;
  let random = seededRandom(seed);

  const own: Record<string, ControlRoute> = {
    'GET /control/fault': async () => fault,
    'PUT /control/fault': async (_query, body) => {
      fault = readFault(await body(), modes);
      random = seededRandom(seed);
      return fault;
    },
    'DELETE /control/fault': async () => {
      fault = null;
      return undefined;
    },
    ...routes,
  };

  function authorise(request: IncomingMessage): void {
    const shown = request.headers.authorization;
    if (shown === undefined) throw new ControlFault(401, 'TOKEN_REQUIRED', 'Send Authorization: Bearer <token>.');
    if (!showsToken(shown, token)) throw new ControlFault(403, 'FORBIDDEN', 'This token opens nothing.');
  }

  async function answer(request: IncomingMessage): Promise<unknown> {
    authorise(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control');
    const name = `${request.method} ${pathname}`;
    const route = Object.hasOwn(own, name) ? own[name] : undefined;
    if (!route) throw new ControlFault(404, 'NOT_FOUND', `There is no ${name} here.`);
    return route(searchParams, async () => {
      const text = await readBody(request).catch((error: unknown) => {
        throw invalid((error as Error).message);
      });
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw invalid('the body is not JSON');
      }
    });
  }

  const drawn = (): boolean => fault !== null && random() < fault.share;

  return {
    /** Whether a request is for the control API; then it is answered. */
    handles(request: IncomingMessage, response: ServerResponse): boolean {
      if (!/^\/control(?:[/?]|$)/.test(request.url ?? '')) return false;
      answer(request).then((body) => {
        if (body === undefined) response.writeHead(204).end();
        else sendJson(response, 200, body);
      }).catch((error: unknown) => {
        const { status, code, message } = error instanceof ControlFault
          ? error : { status: 500, code: 'INTERNAL', message: 'Something went wrong.' };
        sendJson(response, status, { error: { code, message } });
      }).catch(() => response.destroy());
      return true;
    },
    /** What the request that has just come meets, if anything. To be asked once a request. */
    strike(): Strike | null {
      if (fault === null || fault.mode === 'no-webhook' || !drawn()) return null;
      const { mode, retryAfterSeconds = DEFAULT_RETRY_AFTER_SECONDS, delayMs = null } = fault;
      if (mode === 'slow') return { kind: 'delay', delayMs };
      return { kind: 'refuse', mode, headers: mode === 'rate-limit' ? { 'retry-after': `${retryAfterSeconds}` } : {} };
    },
    /** Whether the webhook that is due now is one that never comes. */
    withholds: (): boolean => fault?.mode === 'no-webhook' && drawn(),
  };
}
