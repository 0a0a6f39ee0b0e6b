import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { openTarget } from './open.ts';
import { removeRun } from './remove.ts';
import { asUsual, holdingTarget, status, type HoldingTarget } from './testing.ts';

const RUN = 'run 1';
let target: HoldingTarget;
before(async () => (target = await holdingTarget()));
after(() => target.close());
beforeEach(() => {
  target.held.clear();
  target.held.set(RUN, { users: 3, orders: 4, nothing: 0 });
  target.seen.length = 0;
  target.answers.length = 0;
});

const remove = async (timeoutMs = 20_000, url = target.url) => {
  const { durationMs, ...rest } = await removeRun({
    target: openTarget({ url, command: null, timeoutMs }, RUN, { auth: {}, token: 'secret' }), timeoutMs,
  });
  assert.ok(durationMs >= 0);
  return rest;
};
const BEFORE = { users: 3, orders: 4, nothing: 0 };

test('counts, removes, and counts again: only the last count says that nothing is left', async () => {
  target.held.set('run 2', { users: 1 });
  assert.deepEqual(await remove(), { outcome: 'removed', before: BEFORE, after: { users: 0 } });
  assert.deepEqual(target.seen, ['GET', 'DELETE', 'GET'].map((method) => `${method} /runs/run%201 Bearer secret`));
  assert.deepEqual(target.held.get('run 2'), { users: 1 });
});

test('a run that made nothing is removed without a word', async () => {
  target.held.clear();
  assert.equal((await remove()).outcome, 'removed');
  assert.deepEqual(target.seen.length, 1);
});

test('who is busy is asked again: under way, more to do, too many requests, a server error', async () => {
  target.answers.push(
    status(503), asUsual, status(409, { 'retry-after': '0' }, 'RUN_UNDER_WAY'), status(202), status(202), status(429, { 'retry-after': '0' }), status(500));
  assert.deepEqual(await remove(), { outcome: 'removed', before: BEFORE, after: { users: 0 } });
  assert.equal(target.seen.length, 9);
});

test('who works on it meanwhile is not asked in a hurry', async () => {
  target.answers.push(asUsual, ...Array.from({ length: 10_000 }, () => status(202)));
  const report = await remove(1_100);
  assert.deepEqual([report.outcome, report.before], ['failed', BEFORE]);
  // Counted first, and once more when the time is over: that, too, answers 202 here.
  assert.ok(target.seen.length <= 5, `${target.seen.length} requests`);
});

test('a target that says all is gone, and counts otherwise, is not believed', async () => {
  for (let round = 0; round < 10; round += 1) target.answers.push(asUsual, status(200));
  const report = await remove();
  assert.deepEqual([report.outcome, report.after], ['left', BEFORE]);
  assert.match(report.message ?? '', /counts otherwise/);
});

test('refused for good, it does not try on: the rows are still there, and counted', async () => {
  target.answers.push(asUsual, status(403, {}, 'not you\n\u001b[31m'));
  const report = await remove();
  assert.deepEqual([report.outcome, report.after, target.seen.length], ['left', BEFORE, 3]);
  assert.match(report.message ?? '', /^DELETE http:\/\/127\.0\.0\.1:\d+\/runs\/run%201 answered 403: not you/);
});

test('what does not count is not empty', async () => {
  const bad = ['', 'null', '[]', '{}', '{"counts":{}}', '{"counts":{"users":-1}}', '{"counts":{"users":"3"}}', '{"counts":[1]}', '<html>', `{"counts":{"${'x'.repeat(80)}":1}}`];
  for (const body of bad) {
    target.answers.push(status(200, {}, body));
    const report = await remove();
    assert.deepEqual([report.outcome, report.before, report.after], ['failed', null, null], body);
  }
  target.answers.push(status(404));
  assert.equal((await remove()).outcome, 'failed', 'a mistyped address is no empty target');
  target.answers.push(status(204));
  assert.equal((await remove()).outcome, 'failed');
});

test('a redirect takes the token nowhere', async () => {
  target.answers.push(status(302, { location: '/elsewhere' }));
  assert.match((await remove()).message ?? '', /answered 302/);
  assert.equal(target.seen.length, 1);
});

test('an answer without end, or none at all, is left in time', async () => {
  target.answers.push((_request, response) => {
    const more = (): void => {
      while (response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
    return true;
  });
  assert.match((await remove(1_000)).message ?? '', /larger than/);
  target.answers.length = 0;
  target.answers.push(asUsual, () => true, asUsual);
  const report = await remove(100);
  assert.equal(report.outcome, 'left');
  assert.match(report.message ?? '', /no answer within/);
  // Lost in the middle, and back: it is counted anew, and goes on.
  target.answers.push(asUsual, (request) => request.socket.destroy() !== undefined);
  assert.equal((await remove()).outcome, 'removed');
  const closed = await holdingTarget();
  await closed.close();
  assert.match((await remove(100, closed.url)).message ?? '', /nobody listens there/);
});

test('removed and then not countable is not known to be removed', async () => {
  target.answers.push(asUsual, asUsual, status(401), status(401));
  const report = await remove();
  assert.deepEqual([report.outcome, report.before, report.after], ['failed', BEFORE, null]);
});
