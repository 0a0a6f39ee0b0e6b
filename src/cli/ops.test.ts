import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

function run(command: 'ops' | 'schema', ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(import.meta.dirname, `${command}.ts`), ...args], { encoding: 'utf8', timeout: 30_000 });
}

/** A repository with no more than these commands need, and a run whose record can be changed. */
function repository(t: TestContext, change: (record: Record<string, never>) => void): { root: string; run: string } {
  const root = mkdtempSync(join(tmpdir(), 'ops-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'documentation'));
  cpSync(join(ROOT, 'documentation/record.schema.json'), join(root, 'documentation/record.schema.json'));
  cpSync(join(ROOT, 'src/golden/slo.yml'), join(root, 'slo.yml'));
  const record = JSON.parse(readFileSync(join(ROOT, 'src/golden/run/record.json'), 'utf8')) as Record<string, never>;
  change(record);
  const runDir = join(root, 'reports/a-run');
  mkdirSync(runDir, { recursive: true });
  writeFileSync(join(runDir, 'record.json'), JSON.stringify(record));
  return { root, run: runDir };
}

test('rules and dashboard of the repository are what slo.yml and ops/thresholds.yml give (else: npm run ops)', () => {
  const { status, stderr } = run('ops', '--check');
  assert.equal(status, 0, stderr);
});

test('what a run taught is written down once, and rules and dashboard carry it', (t) => {
  const { root, run: runDir } = repository(t, (record) => Object.assign(record['verdict']!, { decision: 'GO' }));
  const taught = run('ops', '--root', root, '--learn', runDir);
  assert.equal(taught.status, 0, taught.stderr);
  assert.match(readFileSync(join(root, 'ops/thresholds.yml'), 'utf8'), /kpi: cpu\n {4}bound: max\n {4}value: 44\.1\n {4}unit: "%"\n {4}run: golden-smoke/);
  assert.match(readFileSync(join(root, 'ops/prometheus/alert.rules.yml'), 'utf8'), /alert: CpuUnusual/);
  assert.equal(run('ops', '--root', root, '--check').status, 0);
  writeFileSync(join(root, 'ops/thresholds.yml'), 'version: 1\ncapacity: {}\nkpis: none\n');
  const broken = run('ops', '--root', root);
  assert.equal(broken.status, 3);
  assert.match(broken.stderr, /J_THRESHOLDS_INVALID[^]*ops\/thresholds\.yml capacity\.[^]*ops\/thresholds\.yml kpis/);
});

test('a run that was no GO teaches nothing, and nothing is written', (t) => {
  const { root, run: runDir } = repository(t, () => {});
  const { status, stderr } = run('ops', '--root', root, '--learn', runDir);
  assert.equal(status, 3);
  assert.match(stderr, /J_NOTHING_LEARNED[^]*NO-GO, and no capacity was found/);
  const stale = run('ops', '--root', root, '--check');
  assert.equal(stale.status, 1);
  assert.match(stale.stderr, /J_DOCUMENT_STALE[^]*alert\.rules\.yml: is not there \(run "npm run ops"\)/);
});

test('a change of the model that would break readers of record.json is refused', (t) => {
  const { root } = repository(t, () => {});
  const path = join(root, 'documentation/record.schema.json');
  assert.equal(run('schema', '--root', root, '--check').status, 0);
  const schema = JSON.parse(readFileSync(path, 'utf8')) as { $defs: { Finding: { properties: object } } };
  Object.assign(schema.$defs.Finding.properties, { promised: { type: 'string' } });
  writeFileSync(path, JSON.stringify(schema));
  const { status, stderr } = run('schema', '--root', root);
  assert.equal(status, 1);
  assert.match(stderr, /J_RECORD_BREAKING[^]*findings\.\[\]\.promised was taken away/);
});
