import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offer } from './offer.ts';

const wait = (ms: number): Promise<boolean> => new Promise((resolve) => setTimeout(() => resolve(true), ms));

test('users come at their rate, whether those before have ended or not', async () => {
  const born: number[] = [];
  const startedMs = performance.now();
  const options = { ratePerSecond: 50, durationMs: 400, maxUnderWay: 100, graceMs: 1_000 };
  const seen = await offer(options, () => {
    born.push(performance.now() - startedMs);
    return wait(300);
  });
  assert.equal(seen.offered, 20);
  assert.deepEqual([seen.inTime, seen.failed, seen.overrun], [20, 0, false]);
  assert.ok((born.at(-1) ?? 0) >= 370, `the last came after ${born.at(-1)} ms`);
  assert.ok((seen.medianMs ?? 0) >= 295);
});

test('who fails, throws or comes too late is not in time', async () => {
  const users = [
    () => Promise.resolve(true),
    () => Promise.resolve(false),
    () => Promise.reject(new Error('x')),
    () => wait(400),
  ];
  const options = { ratePerSecond: 100, durationMs: 40, maxUnderWay: 100, graceMs: 50 };
  const seen = await offer(options, (number) => (users[number] as () => Promise<boolean>)());
  assert.deepEqual([seen.offered, seen.inTime, seen.failed, seen.overrun], [4, 1, 2, false]);
});

test('with too many under way nothing more is started, and those under way are awaited', async () => {
  let ended = 0;
  const options = { ratePerSecond: 1_000, durationMs: 1_000, maxUnderWay: 5, graceMs: 0 };
  const seen = await offer(options, () =>
    wait(200).then((well) => {
      ended += 1;
      return well;
    }),
  );
  assert.deepEqual([seen.offered, seen.overrun, ended], [5, true, 5]);
});
