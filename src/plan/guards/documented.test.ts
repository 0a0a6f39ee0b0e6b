import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { ERRORS } from '../../errors.ts';
import { GuardName, TargetManifest } from '../../model/index.ts';
import { SETTINGS } from '../settings.ts';
import { GUARDS_CONFIG } from './rules.ts';

const text = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const page = text('documentation/guards.md');
const example = text('.env.example');

test('the page lists exactly the guards there are, each with a code of the catalogue that refuses and tells how to override it', () => {
  const rows = [...page.matchAll(/^\| `([\w-]+)` \| `(J_\w+)` \|/gm)].map(([, guard, code]) => [guard, code]);
  assert.deepEqual(rows.map(([guard]) => guard), GuardName.options);
  for (const [guard = '', code = ''] of rows) {
    const error = Object.entries(ERRORS).find(([name]) => name === code)?.[1];
    assert.equal(error?.exitCode, 3, code);
    assert.match(error.fix, new RegExp(`GUARD_OVERRIDES=${guard}\\b`), code);
  }
});

test('.env.example names the same guards, and the page every setting of theirs', () => {
  const [, listed = ''] = /^# Guards that may not stop the next run, [^:]*: (.*)\.$/m.exec(example) ?? [];
  assert.deepEqual(listed.split(', '), GuardName.options);
  for (const name of ['ALLOWED_HOSTS', 'PRODUCTION_HOSTS', 'LOAD_WINDOW', 'GUARD_OVERRIDES', 'GUARD_REASON', 'FORCE'] as const) {
    assert.ok(name in SETTINGS && page.includes(name) && example.includes(`\n${name}=`), name);
  }
});

test('what the page shows is what is taken', () => {
  const blocks = (language: string): string[] => [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);
  const yaml = blocks('yaml').map((block) => z.strictObject(GUARDS_CONFIG).parse(parse(block)));
  assert.deepEqual(yaml.flatMap((one) => Object.keys(one)), ['environment', 'offPeak']);
  const json = blocks('json').map((block) => TargetManifest.strict().parse(JSON.parse(block)));
  assert.deepEqual(json.map(({ loadTests }) => loadTests), ['forbidden', 'allowed']);
  for (const name of ['ALLOWED_HOSTS', 'PRODUCTION_HOSTS', 'LOAD_WINDOW', 'GUARD_OVERRIDES', 'GUARD_REASON'] as const) {
    const [, shown = ''] = new RegExp(`^ {4}${name}="?(.*?)"?$`, 'm').exec(page) ?? [];
    assert.ok(SETTINGS[name].parse(shown), name);
  }
  const [, line = ''] = /such as .*LOAD_WINDOW|^# When load .*: (.*)$/m.exec(example) ?? [];
  assert.ok(SETTINGS.LOAD_WINDOW.parse(line));
});
