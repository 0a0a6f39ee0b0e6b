import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fingerprint, writeCalibration, type Fingerprint } from '../src/drive/calibration.ts';
import { CodedError } from '../src/errors.ts';
import type { Plan } from '../src/model/index.ts';
import { crowdPriority, refuseOverCapacity } from './capacity.ts';

const machine = fingerprint('153.0', 'lowest');

/** A checkout calibrated for four journeys a second and 100 users, and what was said meanwhile. */
function calibrated(t: TestContext): { root: string; said: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'capacity-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  writeCalibration(root, {
    version: 1,
    fingerprint: machine,
    measuredAt: '2026-01-01T00:00:00Z',
    observerIdleMs: 58,
    crowdIdleMs: 60,
    journeysPerSecond: 4,
    concurrentUsers: 100,
    apiPerSecond: null,
  });
  const said: string[] = [];
  const globalEvents = new EventEmitter().on('log', (_options, line: string) => said.push(line));
  (globalThis as { artillery?: object }).artillery = { globalEvents };
  return { root, said };
}

function check(root: string, rate: number, force = false, on: Fingerprint = machine): Pick<Plan, 'forced'> {
  const phases = [{ name: 'x', durationS: 10, arrivalRate: rate, rampTo: null, arrivalCount: null, pause: false }];
  const settings = { maxUsers: 50, journeyDeadlineMs: 60_000 } as Plan['settings'];
  return refuseOverCapacity({ phases, settings }, on, { root, where: 'journeys.yml', force });
}

test('a plan within what the machine makes is let through in silence, one beyond it with a warning', (t) => {
  const { root, said } = calibrated(t);
  assert.deepEqual(check(root, 4), {});
  assert.deepEqual(said, []);
  assert.deepEqual(check(root, 6), {});
  assert.match(said.join('\n'), /asks for 6 journeys a second, and this machine makes 4 undisturbed: it may distort/);
});

test('a plan far beyond it is refused with exit code 3, and marked where that is forced', (t) => {
  const { root } = calibrated(t);
  assert.throws(
    () => check(root, 7),
    (error) => error instanceof CodedError && error.code === 'J_OVER_CAPACITY' && error.exitCode === 3,
  );
  assert.deepEqual(check(root, 7, true), {
    forced: 'asks for 7 journeys a second, and this machine makes 4 undisturbed',
  });
});

test('another machine is not calibrated: said, and never refused', (t) => {
  const { root, said } = calibrated(t);
  assert.deepEqual(check(root, 100, false, { ...machine, cores: machine.cores + 1 }), {});
  assert.match(said.join('\n'), /not calibrated/);
});

test("the crowd's priority is tried without leaving anything behind", async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('openshow-priority-'));
  assert.notEqual(await crowdPriority(), '');
  assert.deepEqual(
    readdirSync(tmpdir()).filter((name) => name.startsWith('openshow-priority-')),
    before,
  );
});
