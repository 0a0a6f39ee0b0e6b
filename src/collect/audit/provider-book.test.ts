import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { serveSite } from '../../drive/testing.ts';
import type { BookLine } from './entry.ts';
import { providerBook } from './provider-book.ts';

type Row = Record<string, unknown> & { id: string };

function intent(id: string, changes: Record<string, unknown> = {}): Row {
  return {
    id, object: 'payment_intent', amount: 103, amount_received: 0, capture_method: 'manual', currency: 'usd', status: 'requires_capture',
    last_payment_error: null, metadata: { run_id: 'r', intent_id: `i-${id}`, project_id: `p-${id}` }, ...changes,
  };
}

interface Served {
  intents: Row[];
  refunds?: Row[];
  conflicts?: { key: string; intentId: string }[] | null;
  status?: number;
}

/** Speaks as much of Stripe's API as an audit uses, two rows a page. */
async function serve(t: TestContext, { intents, refunds = [], conflicts = null, status = 200 }: Served): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const url = await serveSite(t, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    asked.push(`${pathname} ${request.headers.authorization}`);
    const send = (code: number, body: object): void => void response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (status !== 200) return send(status, { error: { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_secret' } });
    if (pathname === '/control/key-conflicts') return conflicts === null ? send(404, {}) : send(200, { conflicts });
    if (pathname.endsWith('/search')) {
      const [, runId] = /^metadata\['run_id'\]:'(.*)'$/.exec(searchParams.get('query') ?? '') ?? [];
      const rows = intents.filter((row) => (row.metadata as { run_id: string }).run_id === runId);
      const from = Number(searchParams.get('page') ?? '0');
      const more = rows.length > from + 2;
      return send(200, { object: 'search_result', url: pathname, has_more: more, next_page: more ? String(from + 2) : null, data: rows.slice(from, from + 2) });
    }
    const rows = pathname === '/v1/refunds' ? refunds : intents;
    const from = rows.findIndex(({ id }) => id === searchParams.get('starting_after')) + 1;
    send(200, { object: 'list', url: pathname, has_more: rows.length > from + 2, data: rows.slice(from, from + 2) });
  });
  return { url, asked };
}

function bookAt(url: string, token: string | null = null): ReturnType<typeof providerBook> {
  return providerBook({
    url, key: 'sk_test_secret', runId: 'r', startedAtEpochMs: 1_000_000, conflicts: token === null ? null : { url: `${url}/control/key-conflicts`, token }, timeoutMs: 2_000,
  });
}

async function linesOf(t: TestContext, served: Served, token: string | null = null): Promise<BookLine[]> {
  const lines: BookLine[] = [];
  const entries = await bookAt((await serve(t, served)).url, token).read((line) => lines.push(line));
  assert.equal(entries, lines.length);
  return lines;
}

test('every payment of the run is read through pages, and no other', async (t) => {
  const intents = [...Array.from({ length: 5 }, (_, index) => intent(`pi_${index}`)), intent('pi_other', { metadata: { run_id: 'r2' } })];
  const lines = await linesOf(t, { intents });
  assert.deepEqual(lines.map(({ id }) => id), ['pi_0', 'pi_1', 'pi_2', 'pi_3', 'pi_4']);
  assert.deepEqual(lines[0], {
    id: 'pi_0', intentId: 'i-pi_0', subject: 'p-pi_0', state: 'held', amountMinor: 103, netMinor: null, feeMinor: null, refundedMinor: 0, currency: 'usd',
    bookings: [], keyConflicts: null, ageMs: null,
  });
});

test("Stripe's states become those of an escrow, refunds included", async (t) => {
  const taken = { status: 'succeeded', amount_received: 103 };
  const refund = (id: string, amount: number, status = 'succeeded'): Row => ({ id: `re_${id}_${amount}`, object: 'refund', payment_intent: id, amount, status });
  const cases: [Row, Row[], string, number][] = [
    [intent('a'), [], 'held', 0],
    [intent('b', taken), [], 'released', 0],
    [intent('c', taken), [refund('c', 100), refund('c', 3)], 'refunded', 103],
    [intent('d', taken), [refund('d', 50)], 'released', 50],
    [intent('e', taken), [refund('e', 103, 'pending')], 'refunding', 0],
    [intent('f', taken), [refund('f', 103, 'failed')], 'released', 0],
    [intent('g', { status: 'canceled' }), [], 'canceled', 0],
    [intent('h', { status: 'requires_payment_method', last_payment_error: { code: 'card_declined' } }), [], 'failed', 0],
    [intent('i', { status: 'requires_payment_method' }), [], 'pending', 0],
    [intent('j', { status: 'processing' }), [], 'pending', 0],
  ];
  const lines = await linesOf(t, { intents: cases.map(([row]) => row), refunds: cases.flatMap(([, refunds]) => refunds) });
  assert.deepEqual(lines.map(({ state, refundedMinor }) => [state, refundedMinor]), cases.map(([, , state, refunded]) => [state, refunded]));
});

test('less may be taken than was held, and at once where the provider takes it so', async (t) => {
  const [partly, atOnce] = await linesOf(t, { intents: [
    intent('a', { status: 'succeeded', amount_received: 90 }), intent('b', { status: 'succeeded', amount_received: 103, capture_method: 'automatic' }),
  ] });
  assert.deepEqual([partly?.amountMinor, partly?.autoCaptured], [90, undefined]);
  assert.equal(atOnce?.autoCaptured, true);
});

test('a payment that names nothing is read as such', async (t) => {
  const [line] = await linesOf(t, { intents: [intent('a', { metadata: { run_id: 'r' } })] });
  assert.deepEqual([line?.intentId, line?.subject], [null, null]);
});

test('refused keys of a local stand-in are counted once an intent, also where no payment came of it', async (t) => {
  const conflicts = [{ key: 'lock:i-a', intentId: 'i-a' }, { key: 'lock:i-a', intentId: 'i-a' }, { key: 'lock:i-z', intentId: 'i-z' }];
  const lines = await linesOf(t, { intents: [intent('a'), intent('a2', { metadata: { run_id: 'r', intent_id: 'i-a' } })], conflicts }, 'token');
  assert.deepEqual(lines.map(({ intentId, keyConflicts, state }) => [intentId, keyConflicts, state]), [['i-a', 2, 'held'], ['i-a', 0, 'held'], ['i-z', 1, 'failed']]);
});

test('a book that cannot be read ends with a reason in which no key stands', async (t) => {
  const { url, asked } = await serve(t, { intents: [], status: 401 });
  await assert.rejects(bookAt(url).read(() => {}), /Invalid API Key/);
  assert.equal(asked[0], '/v1/refunds Bearer sk_test_secret');
  const { url: without } = await serve(t, { intents: [], conflicts: null });
  await assert.rejects(bookAt(without, 'token').read(() => {}), /its list of refused keys answered 404/);
});

test('a provider that does not answer is asked as often as the reader has time for', async (t) => {
  let asked = 0;
  const url = await serveSite(t, () => { asked += 1; });
  const book = providerBook({ url, key: 'sk_test_x', runId: 'r', startedAtEpochMs: 0, conflicts: null, timeoutMs: 50, retries: 1 });
  await assert.rejects(book.read(() => {}));
  assert.equal(asked, 2);
});
