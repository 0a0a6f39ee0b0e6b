import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const TARGETS = fileURLToPath(new URL('./targets.ts', import.meta.url));
const SLO = 'version: 1\ngates:\n  - { id: a, metric: journey_error_rate, unit: "%", max: 1, source: a test }\n';

function targets(root: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [TARGETS, '--root', root, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
}

test('the page is written, found current, and found stale once slo.yml says something else', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'openshow-targets-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'documentation'));
  writeFileSync(join(root, 'slo.yml'), SLO);
  const page = join(root, 'documentation/performance_targets.md');
  assert.match(targets(root, '--check').stderr, /J_DOCUMENT_STALE[^]*is not there/);
  assert.equal(targets(root).status, 0);
  const written = readFileSync(page, 'utf8');
  const current = targets(root, '--check');
  assert.deepEqual([current.status, current.stdout, current.stderr], [0, '', '']);
  writeFileSync(join(root, 'slo.yml'), SLO.replace('max: 1', 'max: 2'));
  const stale = targets(root, '--check');
  assert.equal(stale.status, 1);
  assert.match(
    stale.stderr,
    /J_DOCUMENT_STALE[^]*performance_targets\.md: differs from what its sources give, first at line 13 \(run "npm run targets"\)\n/,
  );
  assert.equal(readFileSync(page, 'utf8'), written);
  writeFileSync(join(root, 'slo.yml'), 'gates: 3\n');
  assert.deepEqual([targets(root).status, targets(root, '--nope').status], [3, 3]);
  rmSync(join(root, 'slo.yml'));
  assert.match(targets(root).stderr, /J_SLO_INVALID[^]*slo\.yml: ENOENT/);
});
