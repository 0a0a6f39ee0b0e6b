import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { capturedValue, fillAddress, fillJson, fillText, MissingValue, placeholders } from './template.ts';

const values: Record<string, string | number | boolean> = { id: 'prj_1', amount: 1250, evil: '../a b?x=1&y=2#z', lone: '\ud800', yes: true };
const lookup = (name: string): string | number | boolean | undefined => values[name];

test('a value in an address can add no segment, parameter or fragment', () => {
  assert.equal(fillAddress('/projects/{{id}}/x', lookup), '/projects/prj_1/x');
  assert.equal(fillAddress('/p/{{ evil }}?q={{evil}}', lookup), '/p/..%2Fa%20b%3Fx%3D1%26y%3D2%23z?q=..%2Fa%20b%3Fx%3D1%26y%3D2%23z');
});

test('what the plan wrote is kept, and only what no address may hold is encoded', () => {
  assert.equal(fillAddress('q=vidéo klip&x=%41+"', lookup), 'q=vid%C3%A9o%20klip&x=%41+%22');
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    const filled = fillAddress(`/${text.replaceAll('{', '')}`, lookup);
    assert.match(filled, /^[\x21-\x7e]+$/);
  }), { seed: 1 });
  assert.match(fillAddress('/{{lone}}\ud800', lookup), /^[\x21-\x7e]+$/);
});

test('a body keeps the type of a value that stands alone', () => {
  assert.deepEqual(fillJson({ amountCents: '{{amount}}', list: ['{{yes}}', null, 3], 'k-{{id}}': 'a {{amount}}' }, lookup), {
    amountCents: 1250, list: [true, null, 3], 'k-prj_1': 'a 1250',
  });
});

test('a name without a value says which', () => {
  assert.throws(() => fillText('Bearer {{token}}', lookup), (error) => error instanceof MissingValue && error.placeholder === 'token');
  assert.deepEqual([...placeholders({ a: ['{{x}} {{y}}'], '{{z}}': 1 })].sort(), ['x', 'y', 'z']);
});

test('captured values come from dotted paths, and never from what no request can send', () => {
  const answer = { project: { id: 'a', n: 0, none: null, deep: {} }, items: [{ id: 7 }], empty: '' };
  const cases: [string, unknown][] = [
    ['project.id', 'a'], ['project.n', 0], ['items.0.id', 7], ['project.none', undefined], ['project.deep', undefined],
    ['items', undefined], ['empty', undefined], ['no.such.path', undefined], ['project.constructor', undefined], ['items.length.x', undefined],
  ];
  for (const [path, value] of cases) assert.equal(capturedValue(answer, path), value, path);
  for (const other of [null, undefined, 'text', 5]) assert.equal(capturedValue(other, 'a.b'), undefined);
});
