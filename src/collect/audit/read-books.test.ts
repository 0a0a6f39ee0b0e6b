import assert from 'node:assert/strict';
import test from 'node:test';
import { plainReason, type BookLine } from './entry.ts';
import type { PlatformReading } from './platform-book.ts';
import { readBooks, type BookEnd } from './read-books.ts';

const READING: PlatformReading = { entries: 1, open: 0, youngestOpenMs: null, waiting: 0, digest: 'a' };
const LINE = { id: 'x' } as BookLine;

interface Course {
  ends: BookEnd[];
  said: string[];
  lines: string[];
  waitedMs: number;
  readings: number;
}

/** Reads books that change by the script: one reading of the platform after the other, the last one for good; an error is thrown. */
async function course(script: (Partial<PlatformReading> | Error)[], { provider = 1, waitMs = 30_000 }: { provider?: number | Error; waitMs?: number } = {}): Promise<Course> {
  const told: Course = { ends: [], said: [], lines: [], waitedMs: 0, readings: 0 };
  told.ends = await readBooks({
    platform: {
      read: async (take) => {
        const now = script[Math.min(told.readings, script.length - 1)] ?? {};
        told.readings += 1;
        if (now instanceof Error) throw now;
        take?.(LINE);
        return { ...READING, ...now };
      },
    },
    provider: {
      read: async (take) => {
        if (provider instanceof Error) throw provider;
        take(LINE);
        return provider;
      },
    },
    settleMs: 30_000, waitMs,
    now: () => told.waitedMs,
    sleep: async (ms) => void (told.waitedMs += ms),
    line: (source) => told.lines.push(source),
    say: (what) => told.said.push(what),
  });
  return told;
}

const whole = (source: BookEnd['source'], entries = 1): BookEnd => ({ source, state: 'complete', entries });

test('a settled book is read at once: the provider between two readings of the platform', async () => {
  const { ends, lines, waitedMs, readings } = await course([{}]);
  assert.deepEqual(ends, [whole('platform'), whole('provider')]);
  assert.deepEqual(lines, ['provider', 'platform']);
  assert.deepEqual([waitedMs, readings], [0, 2]);
});

test('open payments are waited for while they may still settle, and told of once a change', async () => {
  const { waitedMs, said } = await course([{ open: 2, youngestOpenMs: 0 }, { open: 2, youngestOpenMs: 1_000 }, { open: 1, youngestOpenMs: 2_000 }, {}]);
  assert.equal(waitedMs, 3_000);
  assert.deepEqual(said, ['waiting for 2 of 1 payments to settle, 30 s at most', 'waiting for 1 of 1 payments to settle, 28 s at most']);
});

test('what the platform itself says is still to do is waited for, but not for ever', async () => {
  assert.equal((await course([{ waiting: 1 }])).waitedMs, 30_000);
  assert.equal((await course([{ waiting: 1 }], { waitMs: 5_000 })).waitedMs, 5_000);
  assert.equal((await course([{ waiting: null, open: 3, youngestOpenMs: null }], { waitMs: 2_500 })).waitedMs, 2_500);
});

test('payments that have been open for longer than settling takes are not waited for', async () => {
  assert.equal((await course([{ open: 3, youngestOpenMs: 30_000 }])).waitedMs, 0);
});

test('where the platform moved while the provider was read, both are read again, three times at most', async () => {
  const moved = await course([{ digest: 'a' }, { digest: 'b' }, { digest: 'b' }]);
  assert.deepEqual(moved.lines, ['provider', 'platform', 'provider', 'platform']);
  assert.deepEqual(moved.said, ['payments moved while the books were read: once more']);
  const restless = await course([{ digest: 'a' }, { digest: 'b' }, { digest: 'c' }, { digest: 'd' }, { digest: 'e' }]);
  assert.equal(restless.lines.length, 6);
  assert.deepEqual(restless.ends, [whole('platform'), whole('provider')]);
});

test('a book that cannot be read is failed with its reason, and the other one is read all the same', async () => {
  const gone = await course([new Error('ECONNREFUSED')]);
  assert.deepEqual(gone.ends, [{ source: 'platform', state: 'failed', entries: 0, detail: 'ECONNREFUSED' }, whole('provider')]);
  const refused = await course([{}], { provider: new Error('Invalid API Key provided: sk_test_abc\n  at x') });
  assert.deepEqual(refused.ends, [whole('platform'), { source: 'provider', state: 'failed', entries: 0, detail: 'Invalid API Key provided: the key' }]);
});

test('a reason is one line, says why nothing came, and holds no key', () => {
  assert.equal(plainReason(new Error('fetch failed', { cause: { code: 'ECONNRESET' } })), 'fetch failed (ECONNRESET)');
  assert.equal(plainReason(new Error('key rk_live_9 is wrong')), 'key the key is wrong');
  assert.equal(plainReason('plain'), 'plain');
});
