import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MADE_VALUES } from '../../plan/scenario-values.ts';
import { createValues } from './data.ts';

test('values are the same for a seed, run and label, and others for any other', () => {
  const own = createValues(1, 'run', '0/1');
  assert.deepEqual(own, createValues(1, 'run', '0/1'));
  for (const other of [createValues(2, 'run', '0/1'), createValues(1, 'run2', '0/1'), createValues(1, 'run', '1/1')]) {
    for (const name of ['email', 'password', 'title', 'uuid'] as const) assert.notEqual(other[name], own[name]);
  }
  // What a scenarios file may use without capturing it.
  assert.deepEqual(Object.keys(own).sort(), [...MADE_VALUES].sort());
});

test('twenty thousand people have twenty thousand addresses, and what they bring is in the form that a platform takes', () => {
  const emails = new Set<unknown>();
  for (let index = 0; index < 20_000; index += 1) {
    const { email, title, uuid, amountCents } = createValues(3, 'run', String(index));
    emails.add(email);
    assert.match(String(email), /^[a-z]+\.[a-z]+\.[0-9a-f]{16}@example\.com$/);
    assert.ok(String(title).length <= 120);
    assert.match(String(uuid), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.ok(Number.isInteger(amountCents) && Number(amountCents) >= 20_000);
  }
  assert.equal(emails.size, 20_000);
});
