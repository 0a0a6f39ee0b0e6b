import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serveSite } from '../../drive/testing.ts';
import { keepTrickling } from './trickle.ts';

test(
  'a trickle counts up, says what it is, and never asks a target that hangs more than ten things at a time',
  { timeout: 20_000 },
  async (t) => {
    const asked: string[] = [];
    const ending = new AbortController();
    const url = await serveSite(t, (request) => {
      // Nobody answers.
      asked.push(`${request.url} ${String(request.headers['x-test-run-id'])}`);
    });
    let slept = 0;
    await keepTrickling(
      {
        trickle: { path: '/search?offset={n}&again={n}', perSecond: 5 },
        url,
        headers: () => ({ 'x-test-run-id': 'day' }),
        sleep: async (ms) => {
          assert.equal(ms, 200);
          slept += 1;
          while (asked.length < Math.min(slept, 10)) await new Promise((resolve) => setImmediate(resolve));
          if (slept === 15) ending.abort();
        },
      },
      ending.signal,
    );
    assert.deepEqual(
      asked.sort(),
      Array.from({ length: 10 }, (_, number) => `/search?offset=${number}&again=${number} day`).sort(),
    );
  },
);
