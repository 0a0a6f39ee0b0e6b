import { createHmac, randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { Endpoint, Store, Webhook } from './store.ts';

/** Deliveries at the same time, and how long each may take. */
const CONCURRENCY = 8;
const ANSWER_LIMIT_MS = 5000;
/** 0.5, 1, 2, … 30 s: about four minutes in all, longer than any restart here. Stripe itself goes on for three days. */
const MAX_ATTEMPTS = 13;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** How long to wait after this many attempts, ms. */
export const backOffMs = (attempts: number): number => Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), LONGEST_WAIT_MS);

/** Stripe's signature (docs.stripe.com/webhooks#verify-manually): HMAC-SHA256 of `t.body`, `t` being epoch seconds. */
export function signature(body: string, secret: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

/**
 * Webhooks: what happened in the books is told to the endpoint, at least once, in no particular order. They wait in the
 * books themselves, so that a crash loses none, and never keep a request waiting. `withholds` says which never come.
 */
export function createWebhooks(store: Store, withholds: () => boolean) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const inHand = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  let planned = false;
  let stopped = false;

  function post({ url, secret }: Endpoint, body: string): Promise<boolean> {
    return new Promise((resolve) => {
      const call = request(url, {
        agent, method: 'POST', signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
        headers: {
          'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body),
          'stripe-signature': signature(body, secret, Date.now()), 'user-agent': 'openshow-payments',
        },
      }, (answer) => {
        const { statusCode = 0 } = answer;
        answer.once('error', () => resolve(false)).once('end', () => resolve(statusCode >= 200 && statusCode < 300));
        answer.resume();
      });
      call.once('error', () => resolve(false)).end(body);
    });
  }

  async function deliver({ seq, body, attempts }: Webhook): Promise<void> {
    const endpoint = store.endpoint();
    const isDelivered = endpoint !== null && await post(endpoint, body);
    if (stopped) return;
    if (isDelivered) store.endWebhook(seq, 'delivered');
    else if (attempts + 1 >= MAX_ATTEMPTS) store.endWebhook(seq, 'failed');
    else store.postpone(seq, attempts + 1, Date.now() + backOffMs(attempts + 1));
    inHand.delete(seq);
    pump();
  }

  /** Sends what is due, and comes back for what will be. */
  function pump(): void {
    clearTimeout(timer);
    if (stopped) return;
    // Those in hand are among the first due: so many more show whether there are others.
    for (const webhook of store.webhooks(2 * CONCURRENCY)) {
      if (inHand.has(webhook.seq)) continue;
      if (inHand.size >= CONCURRENCY) return;
      const waitMs = webhook.dueMs - Date.now();
      if (waitMs > 0) {
        timer = setTimeout(pump, Math.min(waitMs, LONGEST_WAIT_MS)).unref();
        return;
      }
      inHand.add(webhook.seq);
      void deliver(webhook);
    }
  }

  return {
    /** To be called in the transaction that writes what happened. Without an endpoint nobody is told. */
    announce(type: string, object: object): void {
      if (store.endpoint() === null) return;
      if (withholds()) return store.endWebhook(null, 'withheld');
      store.addWebhook(JSON.stringify({
        id: `evt_${randomBytes(12).toString('hex')}`, object: 'event', api_version: null,
        created: Math.floor(Date.now() / 1000), livemode: false, pending_webhooks: 1, request: null,
        type, data: { object },
      }));
      if (planned) return;
      planned = true;
      // Once the transaction is over.
      setImmediate(() => {
        planned = false;
        pump();
      });
    },
    /** Sends what was left over when the process ended before. */
    start: pump,
    stop(): void {
      stopped = true;
      clearTimeout(timer);
      agent.destroy();
    },
  };
}

/** Reads where webhooks shall go: an address on loopback, as nothing here may reach any other machine. */
export function readEndpoint(body: unknown): Endpoint | null {
  const given = typeof body === 'object' && body !== null ? body : {};
  const { url, secret } = given as { url?: unknown; secret?: unknown };
  if (typeof url !== 'string' || !URL.canParse(url) || typeof secret !== 'string') return null;
  const { protocol, hostname } = new URL(url);
  const isLocal = protocol === 'http:' && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
  return isLocal && /^[\x21-\x7e]{8,256}$/.test(secret) ? { url, secret } : null;
}
