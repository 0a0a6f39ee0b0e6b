// For the tests of payments: users who pay, the provider's own books, and faults on the way to it.
import assert from 'node:assert/strict';
import { setTimeout as passed } from 'node:timers/promises';
import { createClient } from './testing.ts';
import type { Ready } from './testing.ts';

export interface Escrow {
  intentId: string;
  projectId: string;
  state: string;
  providerId: string | null;
  amountCents: number;
  feeCents: number;
  totalCents: number;
  currency: string;
  refundedCents: number;
  keyConflicts: number;
  failure: string | null;
  entries: { operation: string; account: string; amountCents: number }[];
}
export interface LedgerPage {
  escrows: Escrow[];
  next: string | null;
  outbox: { waiting: number };
}
export interface ProviderPayment {
  id: string;
  status: string;
  amount: number;
  amount_received: number;
  currency: string;
  metadata: Record<string, string>;
}
export interface Answer {
  escrow: Escrow;
  message?: string;
  error: { code: string; message: string; intentId?: string };
}
export type Payer = Awaited<ReturnType<typeof createPayer>>;

let people = 0;
/** A user with an account, whose traffic belongs to a run. */
export async function createPayer(url: string, runId: string) {
  const client = createClient(url, runId);
  const email = `payer${process.pid}-${(people += 1)}@example.test`;
  const body = { name: 'Pay Person', email, password: 'long enough' };
  assert.equal((await client.send('POST', '/api/v1/auth/signup', body)).status, 201);
  const move = (operation: string, body: object) =>
    client.send<Answer>('POST', `/api/v1/payments/escrow/${operation}`, body);
  const find = (intentId: string) => client.send<Answer>('GET', `/api/v1/payments/escrow/${intentId}`);
  return {
    find,
    send: <T>(...[method, path, body, headers]: Parameters<typeof client.send>) =>
      client.send<T>(method, path, body, headers),
    async newProject(amountCents = 10_000): Promise<string> {
      const draft = { title: 'A teaser film', amountCents };
      const reply = await client.send<{ project: { id: string } }>('POST', '/api/v1/projects', draft);
      assert.equal(reply.status, 201);
      return reply.body.project.id;
    },
    lock: (projectId: string, intentId: string, paymentMethod = 'pm_card_visa') =>
      move('lock', { projectId, intentId, paymentMethod }),
    release: (intentId: string) => move('release', { intentId }),
    refund: (intentId: string) => move('refund', { intentId }),
    /** Polls as the page does: what happens inside is no event out here. Fails after 30 s. */
    async until(intentId: string, state: string): Promise<Escrow> {
      const deadlineMs = Date.now() + 30_000;
      for (;;) {
        const { body } = await find(intentId);
        if (body.escrow.state === state) return body.escrow;
        assert.ok(Date.now() < deadlineMs, `${intentId} is ${body.escrow.state}, not ${state}`);
        await passed(50);
      }
    },
    ledger: async (query = ''): Promise<LedgerPage> =>
      (await client.send<LedgerPage>('GET', `/api/v1/payments/ledger${query}`)).body,
  };
}

/** The provider's payments of a run, by its own address. */
export async function paymentsOf({ paymentsUrl }: Ready, runId: string): Promise<ProviderPayment[]> {
  const query = encodeURIComponent(`metadata['run_id']:'${runId}'`);
  const answer = await fetch(`${paymentsUrl}/v1/payment_intents/search?limit=100&query=${query}`, {
    headers: { authorization: 'Bearer sk_test_audit' },
  });
  return (await answer.json() as { data: ProviderPayment[] }).data;
}

/** Sums of a ledger by account; the sum of all is zero wherever money is only moved. */
export function balances(escrows: Escrow[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { account, amountCents } of escrows.flatMap(({ entries }) => entries)) {
    const name = account.startsWith('buyer:') ? 'buyer' : account;
    sums.set(name, (sums.get(name) ?? 0) + amountCents);
  }
  return sums;
}

/** Faults of the payment provider and of the way to it. */
export function paymentFaults({ paymentsUrl, toxiproxyUrl, operationsToken }: Ready) {
  async function send(method: string, url: string, body?: object): Promise<void> {
    const answer = await fetch(url, {
      method, headers: { 'authorization': `Bearer ${operationsToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.ok(answer.ok, `${method} ${url} answered ${answer.status}: ${await answer.text()}`);
  }
  return {
    provider: (fault: object) => send('PUT', `${paymentsUrl}/control/fault`, fault),
    toxic: (toxic: object) => send('POST', `${toxiproxyUrl}/proxies/payments/toxics`, toxic),
    cut: () => send('POST', `${toxiproxyUrl}/proxies/payments`, { enabled: false }),
    /** Ends all of them. */
    async none(): Promise<void> {
      await send('POST', `${toxiproxyUrl}/reset`);
      await send('DELETE', `${paymentsUrl}/control/fault`);
    },
  };
}
