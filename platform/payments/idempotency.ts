import { createHash } from 'node:crypto';
import type { Form } from './form.ts';
import { StripeFault } from './intents.ts';
import type { Settle } from './intents.ts';
import type { KeyConflict, Store } from './store.ts';

export interface Reply {
  status: number;
  text: string;
  replayed: boolean;
}

/** Which payment a request is about: by its own metadata, or by that of the intent it names. */
function ownerOf(store: Store, path: string, form: Form): Pick<KeyConflict, 'runId' | 'intentId'> {
  const named = /^\/v1\/payment_intents\/([^/]+)\//.exec(path)?.[1] ?? form.text['payment_intent'];
  const metadata = form.nested['metadata'] ?? (named === undefined ? undefined : store.intent(named)?.metadata) ?? {};
  return { runId: metadata['run_id'] ?? null, intentId: metadata['intent_id'] ?? null };
}

/**
 * Stripe's idempotency (docs.stripe.com/api/idempotent_requests): the first executed reply to a key is kept, errors
 * included, and replayed; the same key with other parameters is refused, and noted; so is a key still in flight.
 */
export function createIdempotency(store: Store) {
  /** Keys whose first request is still being executed, with what it asks for. */
  const inFlight = new Map<string, string>();

  function refuseOther(key: string, path: string, form: Form): never {
    store.keepConflict({ key, ...ownerOf(store, path, form) });
    throw new StripeFault(400, {
      type: 'idempotency_error',
      message: `The Idempotency-Key '${key}' was first used with other parameters; use another key.`,
    });
  }

  /** Executes and keeps what comes of it in one go. */
  async function execute(
    key: string | null, fingerprint: string, begin: () => Promise<Settle<unknown>>, owner: () => string | null,
  ): Promise<Reply> {
    const settle = await begin().catch((fault: unknown): Settle<never> => () => {
      throw fault;
    });
    const done = store.atomically((): Reply | StripeFault => {
      try {
        const text = JSON.stringify(settle());
        if (key !== null) store.keepReply(key, { fingerprint, status: 200, body: text }, owner());
        return { status: 200, text, replayed: false };
      } catch (fault) {
        if (!(fault instanceof StripeFault)) throw fault;
        const body = JSON.stringify({ error: fault.error });
        if (fault.executed && key !== null) {
          store.keepReply(key, { fingerprint, status: fault.status, body }, owner());
        }
        return fault;
      }
    });
    if (done instanceof StripeFault) throw done;
    return done;
  }

  /** Executes what `begin` starts, or answers as the key's first request was answered. Throws StripeFault. */
  return async function once(
    key: string | undefined, path: string, body: string, form: Form, begin: () => Promise<Settle<unknown>>,
  ): Promise<Reply> {
    if (key === undefined) return execute(null, '', begin, () => null);
    if (key.length > 255) throw new StripeFault(400, { message: 'Idempotency keys are up to 255 characters long.' });
    const fingerprint = createHash('sha256').update(`${path}\n${body}`).digest('hex');
    const running = inFlight.get(key);
    if (running !== undefined && running !== fingerprint) refuseOther(key, path, form);
    if (running !== undefined) {
      throw new StripeFault(409, {
        code: 'idempotency_key_in_use', message: `Another request with the Idempotency-Key '${key}' is in progress.`,
      });
    }
    const kept = store.reply(key);
    if (kept?.fingerprint === fingerprint) return { status: kept.status, text: kept.body, replayed: true };
    if (kept) refuseOther(key, path, form);
    inFlight.set(key, fingerprint);
    try {
      return await execute(key, fingerprint, begin, () => ownerOf(store, path, form).runId);
    } finally {
      inFlight.delete(key);
    }
  };
}
