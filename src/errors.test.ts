import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { asCodedError, CodedError, ERRORS, formatError } from './errors.ts';

test('documentation/errors.md lists exactly the catalogue: codes, words and exit codes', async () => {
  const text = await readFile(new URL('../documentation/errors.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `(J_\w+)` \| (\d+) \| (.*) \| (.*) \|$/gm)];
  const documented = rows.map(([, code, exitCode, what, fix]) =>
    [code, Number(exitCode), what, fix].map((cell) =>
      typeof cell === 'string' ? cell.replaceAll('\\|', '|').replaceAll('&lt;', '<') : cell,
    ),
  );
  const catalogue = Object.entries(ERRORS).map(([code, { exitCode, what, fix }]) => [code, exitCode, what, fix]);
  assert.deepEqual(documented.map(String).sort(), catalogue.map(String).sort());
});

test('an error is shown with its code, each fault at its place, and what to do; never with a stack', () => {
  const error = new CodedError('J_SLO_INVALID', [{ where: 'slo.yml:1:1', message: 'is missing', hint: 'add it' }]);
  assert.equal(
    formatError(error),
    [
      'J_SLO_INVALID  slo.yml has faults.',
      '  slo.yml:1:1: is missing (add it)',
      `  → ${ERRORS.J_SLO_INVALID.fix}`,
    ].join('\n'),
  );
});

test('what a fault quotes from outside neither paints nor moves the cursor', () => {
  const text = formatError(new CodedError('J_RUN_UNREADABLE', [{ where: 'a\u001b[2Jb', message: '"\u001b[32mGO\u0007"\n  and\u202e', hint: '\u009b1mc\r' }]));
  assert.doesNotMatch(text, /[\u001b\u0007\r\u009b\u202e]/);
  assert.match(text, /a\ufffd\[2Jb: ".*GO.*"\n {2}and/);
});

test('whatever is thrown becomes a coded error', () => {
  const error = new CodedError('J_USAGE');
  assert.equal(asCodedError(error), error);
  for (const thrown of [new Error('boom\nstack'), 'boom', undefined]) {
    const coded = asCodedError(thrown);
    assert.equal(coded.code, 'J_HARNESS_FAULT');
    assert.ok(!coded.faults[0]?.message.includes('\n'));
  }
});
