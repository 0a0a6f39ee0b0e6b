import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hookFaults, preflightFault } from './hooks.ts';

const before = (...flow: unknown[]): object => ({ before: { flow } });
const PREFLIGHT = { function: 'preflight' };
const ASKS = { get: { url: 'https://shop.test/' } };

test('the preflight comes first and in any case, or nothing is held', () => {
  assert.equal(preflightFault(before(PREFLIGHT)), null);
  assert.equal(preflightFault(before(PREFLIGHT, { function: 'mine' })), null);
  for (const none of [{}, { before: null }, before(), before({ function: 'preflite' }, null), { after: { flow: [PREFLIGHT] } }]) {
    assert.equal(preflightFault(none), 'missing');
  }
  assert.deepEqual(preflightFault(before(ASKS, PREFLIGHT)), {
    where: 'before.flow[1]', message: 'the preflight comes after other steps, which no guard would have seen',
  });
  assert.match((preflightFault(before({ ...PREFLIGHT, ifTrue: 'no' })) as { message: string }).message, /has ifTrue/);
});

test('what asks something before or after a run is refused: nobody guards it', () => {
  const at = (path: readonly (string | number)[]): string => path.join('.');
  assert.deepEqual(hookFaults({ ...before(PREFLIGHT, { log: 'x' }, { think: 1 }), after: { flow: [{ function: 'mine' }] } }, at), []);
  const faults = hookFaults({ ...before(PREFLIGHT, ASKS, { loop: [ASKS], count: 2 }), after: { flow: [{ post: {} }] } }, at);
  assert.deepEqual(faults.map(({ where }) => where), ['before.flow.1', 'before.flow.2', 'after.flow.0']);
  assert.match(faults[0]?.message ?? '', /^"get" is Artillery's own request/);
});
