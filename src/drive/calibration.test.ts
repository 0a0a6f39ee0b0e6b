import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { calibrationFile, fingerprint, readCalibration, writeCalibration, type Calibration } from './calibration.ts';
import { temporaryFolder } from './testing.ts';

const MACHINE = fingerprint('153.0', 'lowest');

function calibrationOf(changes: Partial<Calibration> = {}): Calibration {
  return {
    version: 1, fingerprint: MACHINE, measuredAt: '2026-11-21T00:00:00.000Z', observerIdleMs: 62.5, crowdIdleMs: 64,
    journeysPerSecond: 3.5, concurrentUsers: 80, apiPerSecond: 4_000, ...changes,
  };
}

test('what was written is read again on the same machine', (t) => {
  const root = temporaryFolder(t);
  assert.equal(readCalibration(root, MACHINE), null);
  writeCalibration(root, calibrationOf());
  assert.deepEqual(readCalibration(root, fingerprint('153.0', 'lowest')), calibrationOf());
});

test('a calibration of another machine, browser or priority does not hold', (t) => {
  const root = temporaryFolder(t);
  writeCalibration(root, calibrationOf());
  for (const other of [{ cores: MACHINE.cores + 1 }, { browserVersion: '154.0' }, { crowdPriority: 'not in force' }, { cpuLimitCores: 0.5 }]) {
    assert.equal(readCalibration(root, { ...MACHINE, ...other }), null, JSON.stringify(other));
  }
});

test('figures that no idle machine gives, and files that are none of ours, are not believed', (t) => {
  const root = temporaryFolder(t);
  writeCalibration(root, calibrationOf({ observerIdleMs: 300 }));
  assert.equal(readCalibration(root, MACHINE), null);
  mkdirSync(dirname(calibrationFile(root)), { recursive: true });
  for (const text of ['', '{', 'null', '{"version":2}', JSON.stringify({ ...calibrationOf(), more: 1 })]) {
    writeFileSync(calibrationFile(root), text);
    assert.equal(readCalibration(root, MACHINE), null, text);
  }
});
