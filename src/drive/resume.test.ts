import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { planOf, runOf } from '../golden/samples.ts';
import type { Phase } from '../model/index.ts';
import { readResumption, remainingPhases } from './resume.ts';
import { temporaryFolder } from './testing.ts';

const PHASE: Phase = { name: 'soak', durationS: 100, arrivalRate: null, rampTo: null, arrivalCount: 50, pause: false };
const PLAN = planOf({ phases: [{ ...PHASE, name: 'warm up', durationS: 10 }, PHASE] });

function left(t: TestContext, events: object[], more: Record<string, string> = {}): string {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(PLAN));
  writeFileSync(join(folder, 'observations.main.ndjson'), events.map((one) => `${JSON.stringify(one)}\n`).join(''));
  for (const [name, text] of Object.entries(more)) writeFileSync(join(folder, name), text);
  return folder;
}

const at = (event: Parameters<typeof runOf>[0], tMs: number, detail?: string): object =>
  ({ ...runOf(event, tMs), ...(detail === undefined ? {} : { detail }) });
const BEGUN = [at('started', 0), at('phase', 1_000, 'warm up'), at('phase', 11_000, 'soak')];

test('a killed run goes on in the phase it was in, by the last moment that any of its files knows', (t) => {
  const line = JSON.stringify({ tMs: 41_000 });
  const folder = left(t, BEGUN, { 'observations.worker-1.ndjson': `${line}\n{"tMs": 99` });
  const { elapsedMs, segment, phase } = readResumption(folder);
  assert.deepEqual({ elapsedMs, segment, phase }, { elapsedMs: 41_000, segment: 2, phase: { index: 1, doneS: 30 } });
  assert.equal(readFileSync(join(folder, 'observations.worker-1.ndjson'), 'utf8'), `${line}\n`, 'the torn line is gone');
});

test('a run that was resumed before counts the whole of its phase', (t) => {
  const folder = left(t, [...BEGUN, at('interrupted', 31_000), at('resumed', 31_000), at('phase', 31_500, 'soak')]);
  appendFileSync(join(folder, 'observations.main.ndjson'), `${JSON.stringify(at('interrupted', 51_000))}\n`);
  assert.deepEqual(readResumption(folder).phase, { index: 1, doneS: 40 });
  assert.equal(readResumption(folder).segment, 3);
});

test('a run that is over, or never began, is refused', (t) => {
  const cases: [string, RegExp][] = [
    [left(t, [...BEGUN, at('completed', 111_000)]), /J_RESUME/],
    [left(t, [...BEGUN, at('stopped', 50_000), at('completed', 51_000)]), /J_RESUME/],
    [left(t, [at('started', 0)]), /J_RESUME/],
    [join(temporaryFolder(t), 'none'), /J_RUN_NOT_FOUND/],
    [left(t, BEGUN, { 'plan.json': '{"schemaVersion"' }), /J_RUN_UNREADABLE/],
  ];
  for (const [folder, code] of cases) assert.throws(() => readResumption(folder), code);
});

test('what is left of the phases keeps its rate, in the plan and for Artillery', () => {
  const raw = [{ name: 'warm up', duration: 10, arrivalCount: 50 }, { name: 'soak', duration: '100s', arrivalCount: 50 }];
  const after = remainingPhases(PLAN.phases, raw, { index: 1, doneS: 30 });
  assert.deepEqual(after.phases, [{ ...PHASE, durationS: 70, arrivalCount: 35 }]);
  assert.deepEqual(after.raw, [{ name: 'soak', duration: 70, arrivalCount: 35 }]);
  assert.deepEqual(remainingPhases(PLAN.phases, raw, { index: 0, doneS: 9.5 }).raw, [raw[1]], 'half a second is over');
  const pause = remainingPhases([{ ...PHASE, arrivalCount: null, pause: true }], [{ pause: 100 }], { index: 0, doneS: 20 });
  assert.deepEqual(pause.raw, [{ pause: 80 }]);
  const ramp = remainingPhases([{ ...PHASE, arrivalCount: null, arrivalRate: 10, rampTo: 20 }], [{ duration: 100, arrivalRate: 10, rampTo: 20 }], { index: 0, doneS: 50 });
  assert.deepEqual(ramp.raw, [{ duration: 50, arrivalRate: 15, rampTo: 20 }]);
});
