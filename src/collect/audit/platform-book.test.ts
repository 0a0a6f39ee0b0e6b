import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import test, { type TestContext } from 'node:test';
import { serveSite } from '../../drive/testing.ts';
import type { BookLine } from './entry.ts';
import { platformBook, type PlatformBook } from './platform-book.ts';

const ESCROW = {
  intentId: 'a', projectId: 'p', userId: 'u', state: 'held', amountCents: 100, feeCents: 3, totalCents: 103, currency: 'usd', providerId: 'pi_1',
  refundedCents: 0, failure: null, keyConflicts: 0, updatedMs: 1_000, entries: [{ operation: 'lock', account: 'escrow', amountCents: 103 }],
};
type Answer = { status?: number; json?: unknown; text?: string };

/** Serves one answer after the other, the last one for good; returns the book and what it was asked. */
async function bookOf(t: TestContext, ...answers: Answer[]): Promise<{ book: PlatformBook; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const url = await serveSite(t, (request, response) => {
    const { status = 200, json, text } = answers[Math.min(asked.length, answers.length - 1)] ?? {};
    asked.push(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(text ?? JSON.stringify(json));
  });
  return { book: platformBook({ url: `${url}/ledger`, headers: { 'x-test-run-id': 'r' }, timeoutMs: 2_000, retryMs: [1, 1] }), asked };
}

test('the book is read page by page, with the run named and its lines in the terms of the audit', async (t) => {
  const page = { runId: 'r', outbox: { waiting: 2 }, nowMs: 6_000 };
  const { book, asked } = await bookOf(t,
    { json: { ...page, escrows: [ESCROW], next: 'c 1' } }, { json: { ...page, escrows: [{ ...ESCROW, intentId: 'b', state: 'pending' }], next: null } });
  const lines: BookLine[] = [];
  const reading = await book.read((line) => lines.push(line));
  assert.deepEqual(asked.map(({ url }) => url), ['/ledger?limit=1000', '/ledger?limit=1000&after=c+1']);
  assert.ok(asked.every(({ headers }) => headers['x-test-run-id'] === 'r'));
  assert.deepEqual({ ...reading, digest: '' }, { entries: 2, open: 1, youngestOpenMs: 5_000, waiting: 2, digest: '' });
  assert.deepEqual(lines[0], {
    id: 'a', intentId: 'a', subject: 'p', state: 'held', amountMinor: 103, netMinor: 100, feeMinor: 3, refundedMinor: 0, currency: 'usd', keyConflicts: 0,
    ageMs: 5_000, bookings: [{ operation: 'lock', account: 'escrow', amountMinor: 103 }],
  });
});

test('a platform that says less is read all the same: what it does not tell is unknown, not zero', async (t) => {
  const { book } = await bookOf(t, { json: { escrows: [{ intentId: 'a', state: 'refunding', totalCents: 5, currency: 'eur' }] } });
  const lines: BookLine[] = [];
  const reading = await book.read((line) => lines.push(line));
  assert.deepEqual([reading.waiting, reading.open, reading.youngestOpenMs], [null, 1, null]);
  const { netMinor, feeMinor, keyConflicts, ageMs, subject } = lines[0] ?? {};
  assert.deepEqual([netMinor, feeMinor, keyConflicts, ageMs, subject], [null, null, null, null, null]);
});

test('a refund whose amount is not told is one of the whole; of anything else nothing was given back', async (t) => {
  const of = (state: string, refundedCents?: number): object => ({ ...ESCROW, intentId: `${state} ${refundedCents}`, state, refundedCents });
  const { book } = await bookOf(t, { json: { escrows: [of('refunded'), of('refunded', 0), of('refunded', 5), of('released'), of('refunding')] } });
  const lines: BookLine[] = [];
  await book.read((line) => lines.push(line));
  assert.deepEqual(lines.map(({ refundedMinor }) => refundedMinor), [103, 0, 5, 0, 0]);
});

test('an intent that is listed twice, on whichever page, is two entries of one payment', async (t) => {
  const { book } = await bookOf(t, { json: { escrows: [ESCROW, ESCROW], next: 2 } }, { json: { escrows: [{ ...ESCROW, intentId: 'b' }, ESCROW] } });
  const lines: BookLine[] = [];
  assert.equal((await book.read((line) => lines.push(line))).entries, 4);
  assert.deepEqual(lines.map(({ id, intentId }) => [id, intentId]), [['a', 'a'], ['a #2', 'a'], ['b', 'b'], ['a #3', 'a']]);
  await book.read((line) => lines.push(line));
  assert.deepEqual(lines.slice(4).map(({ id }) => id), ['b', 'a'], 'another reading begins anew');
});

test('the digest changes with the book and with nothing else', async (t) => {
  const of = (escrow: object): Answer => ({ json: { escrows: [escrow], nowMs: Math.random() } });
  const { book } = await bookOf(t, of(ESCROW), of(ESCROW), of({ ...ESCROW, state: 'released' }));
  const digests = [await book.read(null), await book.read(null), await book.read(null)].map(({ digest }) => digest);
  assert.equal(digests[0], digests[1]);
  assert.notEqual(digests[1], digests[2]);
});

test('what may pass is tried again; what does not is told with its reason', async (t) => {
  const { book, asked } = await bookOf(t, { status: 503, text: 'busy' }, { status: 429, text: '' }, { json: { escrows: [ESCROW] } });
  assert.equal((await book.read(null)).entries, 1);
  assert.equal(asked.length, 3);
  const wrong: [Answer, RegExp, number][] = [
    [{ status: 500, text: 'oh\nno' }, /^answered 500: oh no$/, 3],
    [{ status: 403, text: '{"error":"TEST_TRAFFIC_ONLY"}' }, /^answered 403: /, 1],
    [{ text: '<html>' }, /^answered with something that is not JSON$/, 1],
    [{ json: { escrows: [{ ...ESCROW, state: 'frozen' }] } }, /^not a ledger: escrows\.0\.state: /, 1],
    [{ json: { escrows: [{ ...ESCROW, totalCents: 1.5 }] } }, /^not a ledger: escrows\.0\.totalCents: /, 1],
    [{ json: [] }, /^not a ledger: /, 1],
    [{ json: { escrows: [], next: 'same' } }, /does not end: it gave the cursor same twice/, 2],
  ];
  for (const [answer, reason, times] of wrong) {
    const tried = await bookOf(t, answer);
    await assert.rejects(tried.book.read(null), (error: Error) => reason.test(error.message) || assert.fail(error.message));
    assert.equal(tried.asked.length, times, String(reason));
  }
});

test('a platform that is gone, or never answers, ends with a reason in bounded time', async (t) => {
  const url = await serveSite(t, () => {});
  const book = platformBook({ url, headers: {}, timeoutMs: 50, retryMs: [] });
  await assert.rejects(book.read(null), /no answer within 50 ms/);
  await assert.rejects(platformBook({ url: 'http://127.0.0.1:9', headers: {}, retryMs: [1] }).read(null), /ECONNREFUSED|bad port/);
});
