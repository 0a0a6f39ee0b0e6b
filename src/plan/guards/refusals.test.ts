import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError, formatError } from '../../errors.ts';
import { overridden, spellsOut, type Refusal } from './refusals.ts';

const OFF_PEAK: Refusal = { guard: 'off-peak', code: 'J_OFF_PEAK', fault: { where: 'LOAD_WINDOW', message: 'it is noon' } };
const PRODUCTION: Refusal = {
  guard: 'production', code: 'J_PRODUCTION_TARGET', host: 'www.example.com',
  fault: { where: 'PRODUCTION_HOSTS', message: 'the target is on www.example.com, which is production' },
};
const parity = (what: string): Refusal => ({ guard: 'parity', code: 'J_ENVIRONMENT_DIFFERS', fault: { where: 'journeys.yml:4:7', message: `${what} differs` } });

function refused(refusals: Refusal[], guards: Refusal['guard'][] = [], reason = 'approved by the team'): CodedError {
  try {
    overridden(refusals, { guards, reason });
  } catch (error) {
    assert.ok(error instanceof CodedError);
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was refused' });
}

test('everything that is refused is told at once, under its own code', () => {
  const error = refused([OFF_PEAK, parity('version'), parity('instances')]);
  assert.equal(error.exitCode, 3);
  const text = formatError(error);
  assert.deepEqual(text.match(/^J_\w+/gm), ['J_OFF_PEAK', 'J_ENVIRONMENT_DIFFERS']);
  assert.match(text, /version differs\n {2}journeys\.yml:4:7: instances differs\n {2}→ /);
});

test('what is overridden is one entry a guard, with all that it would have refused; what was not needed is none', () => {
  const reason = 'approved by the team';
  assert.deepEqual(overridden([parity('version'), parity('instances')], { guards: ['parity', 'off-peak', 'target'], reason }), [
    { guard: 'parity', what: 'version differs; instances differs', reason },
  ]);
  assert.deepEqual(overridden([], { guards: ['target'], reason }), []);
});

test('overriding one guard leaves the others in force', () => {
  assert.deepEqual(refused([OFF_PEAK, parity('version')], ['off-peak']).code, 'J_ENVIRONMENT_DIFFERS');
});

test('production is overridden only by a reason that names the host itself', () => {
  const error = refused([PRODUCTION], ['production'], 'approved by the team for example.com and xwww.example.com');
  assert.match(error.faults[0]?.hint ?? '', /GUARD_REASON does not name www\.example\.com itself/);
  const reason = 'Black Friday rehearsal on www.example.com, approved by the CTO';
  assert.deepEqual(overridden([PRODUCTION], { guards: ['production'], reason }).map(({ guard }) => guard), ['production']);
  // Naming the host is not enough where the guard itself is not named.
  assert.equal(refused([PRODUCTION], ['target'], reason).code, 'J_PRODUCTION_TARGET');
});

test('a host is spelled out as a word, whatever stands around it', () => {
  for (const text of ['go to www.example.com.', '(WWW.example.com)', '"www.example.com": ok', 'www.example.com']) assert.ok(spellsOut(text, 'www.example.com'), text);
  for (const text of ['www.example.com.test', 'example.com', 'xwww.example.com', 'https://www.example.com/', 'www.example.comx', '*.example.com']) {
    assert.ok(!spellsOut(text, 'www.example.com'), text);
  }
});
