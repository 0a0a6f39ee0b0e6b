import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { recordSchema, recordSchemaText } from './record-schema.ts';
import { brokenPromises, type Schema } from './schema-promise.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const schema = (): Schema & { $defs: Record<string, Schema> } => JSON.parse(recordSchemaText()) as never;
const part = (whole: { $defs: Record<string, Schema> }, name: string): Schema => whole.$defs[name] ?? assert.fail(`no ${name}`);

test('documentation/record.schema.json is what the model gives (else: npm run schema)', () => {
  assert.equal(read('documentation/record.schema.json'), recordSchemaText());
});

test('a record is valid by the schema, also one of a newer harness with fields beside, and one with a gap is not', () => {
  const validate = new Ajv2020({ strict: false }).compile(recordSchema());
  const record = JSON.parse(read('src/golden/run/record.json')) as Record<string, unknown> & { findings: object[] };
  assert.ok(validate(record), JSON.stringify(validate.errors));
  assert.ok(validate({ ...record, addedLater: 1, findings: record.findings.map((one) => ({ ...one, addedLater: null })) }));
  const { verdict: _, ...without } = record;
  assert.equal(validate(without), false);
  assert.equal(validate({ ...record, findings: [{ ...record.findings[0], n: -1 }] }), false);
});

test('the schema keeps its promise to itself', () => {
  assert.deepEqual(brokenPromises(schema(), schema()), []);
});

test('fields and kinds may be added', () => {
  const after = schema();
  part(after, 'Finding').properties = { ...part(after, 'Finding').properties, added: { type: 'number' } };
  after.required = [...(after.required ?? []), 'added'];
  part(after, 'Plan').properties?.['gates']?.items?.anyOf?.push({ type: 'object', properties: { metric: { const: 'new' } } });
  assert.deepEqual(brokenPromises(schema(), after), []);
});

test('what would let a reader down is named with its place', () => {
  const changes: [what: string, change: (after: ReturnType<typeof schema>) => void][] = [
    ['findings.[].unit was taken away', (after) => delete part(after, 'Finding').properties?.['unit']],
    ['findings.[].n is not always there any more', (after) => {
      part(after, 'Finding').required = part(after, 'Finding').required?.filter((key) => key !== 'n') ?? [];
    }],
    ['verdict.reason may now be null', (after) => {
      Object.assign(part(after, 'Verdict').properties?.['reason'] ?? {}, { type: ['string', 'null'] });
    }],
    ['verdict.gates.[].status may now be "skipped"', (after) => {
      part(after, 'GateResult').properties?.['status']?.enum?.push('skipped');
    }],
    ['totals.durationMs may now be string', (after) => {
      Object.assign(part(after, 'Totals').properties ?? {}, { durationMs: { type: 'string' } });
    }],
  ];
  for (const [what, change] of changes) {
    const after = schema();
    change(after);
    assert.deepEqual(brokenPromises(schema(), after), [what]);
  }
});
