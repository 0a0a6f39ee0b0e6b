import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExpectedEnvironment } from '../../model/index.ts';
import { compareEnvironment, parityRefusals, readManifestText } from './parity.ts';

const MANIFEST = { loadTests: 'allowed', environment: 'staging', version: '2.14.0', instances: 3, flags: { newCheckout: true, theme: 'dark' }, data: { creators: 5000 } } as const;
const said = readManifestText(JSON.stringify(MANIFEST)).manifest;
const compared = (expected: object, manifest = said): [string, string, string | null, boolean][] =>
  compareEnvironment(ExpectedEnvironment.parse(expected), manifest).map(({ what, expected: wanted, actual, matches }) => [what, wanted, actual, matches]);

test('each expectation is held against what the target says', () => {
  assert.deepEqual(compared({
    environment: 'staging', version: '2.14.0', instances: { min: 3, max: 3 }, flags: { newCheckout: true, theme: 'light' }, data: { creators: { min: 5001 } },
  }), [
    ['environment', 'staging', 'staging', true], ['version', '2.14.0', '2.14.0', true], ['instances', '3', '3', true],
    ['flags.newCheckout', 'true', 'true', true], ['flags.theme', '"light"', '"dark"', false], ['data.creators', 'at least 5001', '5000', false],
  ]);
  assert.deepEqual(compared({ version: '2.14.*' }), [['version', '2.14.*', '2.14.0', true]]);
  assert.deepEqual(compared({ version: '2.1.*' }), [['version', '2.1.*', '2.14.0', false]]);
  assert.deepEqual(compared({ instances: { min: 1, max: 2 } }), [['instances', 'at least 1, at most 2', '3', false]]);
  // A text is no switch.
  assert.deepEqual(compared({ flags: { newCheckout: 'true' } }), [['flags.newCheckout', '"true"', 'true', false]]);
  assert.deepEqual(compared({}), []);
});

test('what the target does not say is unknown, and no match', () => {
  const expected = { environment: 'staging', version: '*', instances: { max: 3 }, flags: { a: false, constructor: false }, data: { creators: { min: 0 }, toString: {} } };
  for (const manifest of [null, readManifestText('{}').manifest]) {
    assert.ok(compared(expected, manifest).every(([, , actual, matches]) => actual === null && !matches));
  }
  const [, refusal] = parityRefusals('journeys.yml:9:7', compareEnvironment(ExpectedEnvironment.parse(expected), null));
  assert.equal(refusal?.fault.message, 'version should be *, and is unknown: the target does not say');
  assert.equal(parityRefusals('', compareEnvironment(ExpectedEnvironment.parse({ version: '2.*' }), said)).length, 0);
});

test('parts that are not as agreed are unknown, and the others hold', () => {
  const { manifest } = readManifestText(JSON.stringify({ ...MANIFEST, version: 2, instances: -1, data: { creators: 'many' }, secret: 'x' }));
  assert.deepEqual(manifest, { loadTests: 'allowed', environment: 'staging', flags: MANIFEST.flags });
});

const FORBIDDING: [text: string, says: RegExp | null][] = [
  ['{"loadTests":"forbidden"}', /^forbids load tests$/],
  ['{"loadTests":"Forbidden"}', /answers loadTests with "Forbidden", which is not "loadTests": "allowed"/],
  ['{"loadTests":false}', /with false/], ['{"loadTests":null}', /with null/], ['{"loadTests":["allowed"]}', /with \["allowed"\]/],
  ['{"environment":"production"}', /environment "production"/], ['{"environment":"PROD"}', /"PROD"/], ['{"environment":"live"}', /"live"/],
  ['{"environment":"production","loadTests":"allowed"}', null], ['{"environment":"pre-production"}', null], ['{"loadTests":"allowed"}', null],
  ['{"loadtests":"forbidden"}', /answers loadtests with "forbidden"/], ['{"load_tests":"allowed"}', /answers load_tests/],
  ['{"loadTests":"forbidden",}', /cannot be read/], ['[{"loadTests":"forbidden"}]', /cannot be read/], ['loadTests: forbidden', /cannot be read/],
  ['{}', null], ['', null], ['<!doctype html>We hold load tests', null], ['no load-test.json', null], ['"forbidden"', null], ['null', null],
];
for (const [text, says] of FORBIDDING) {
  test(`a manifest ${JSON.stringify(text)} ${says ? 'forbids load tests' : 'forbids nothing'}`, () => {
    const { forbids } = readManifestText(text);
    if (says) assert.match(forbids ?? 'nothing', says);
    else assert.equal(forbids, null);
  });
}

test('what a plan expects has to make sense', () => {
  for (const wrong of [{ instances: { min: 3, max: 2 } }, { version: 1.1 }, { instances: 3 }, { flag: {} }, { data: { creators: { min: -1 } } }]) {
    assert.equal(ExpectedEnvironment.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
});
