import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestCase, TestResult, TestStep } from '@playwright/test/reporter';
import PrivateEvidence from '../journeys/private-evidence.reporter.ts';

const MAIL = 'jana.novak@firma.de';

test('a functional journey leaves nothing private: errors, those of its steps, what it printed and attached, as files or as they are', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'private-evidence-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'error-context.md');
  writeFileSync(path, `page of ${MAIL}`);
  const body = (text: string): Buffer => Buffer.from(text);
  const step = { error: { message: `expected ${MAIL}`, cause: { message: MAIL } } };
  const result = {
    errors: [{ message: MAIL, stack: `Error: ${MAIL}`, snippet: MAIL, value: MAIL }],
    stdout: ['one ', body(`${MAIL.slice(0, 6)}`), `${MAIL.slice(6)}\n`], stderr: [],
    attachments: [
      { name: 'error-context', path, contentType: 'text/markdown' }, { name: 'state', contentType: 'application/json', body: body(`{"a":"x\\n${MAIL}"}`) },
      { name: 'note', contentType: 'text/plain', body: body(MAIL) }, { name: 'picture', contentType: 'image/jpeg', body: body('\xff\xd8') },
    ],
  };
  const reporter = new PrivateEvidence();
  reporter.onStepEnd({} as TestCase, result as unknown as TestResult, step as unknown as TestStep);
  reporter.onTestEnd({} as TestCase, result as unknown as TestResult);
  const [, state, , picture] = result.attachments;
  assert.deepEqual(JSON.parse(String(state?.body)), { a: 'x\n[masked email]' });
  assert.deepEqual(picture?.body, body('\xff\xd8'));
  assert.deepEqual([result.stdout, result.stderr], [['one [masked email]\n'], []]);
  const left = [JSON.stringify(step), JSON.stringify(result.errors), String(result.attachments[2]?.body), readFileSync(path, 'utf8')].join('\n');
  assert.ok(!left.includes('novak'), left);
  assert.equal(left.match(/\[masked email\]/g)?.length, 8);
});
