import assert from 'node:assert/strict';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { scheduleOf, type Phase } from '../src/model/index.ts';

/** The contract with Artillery's phaser: our schedule of a phase is the one that it keeps. */
interface Phaser {
  on(event: 'arrival' | 'phaseStarted' | 'done', listener: () => void): void;
  run(): void;
}
const core = join(dirname(fileURLToPath(import.meta.resolve('artillery'))), 'core/phases.js');
const { default: createPhaser } = (await import(pathToFileURL(core).href)) as { default: (specs: object[]) => Phaser };

/** Returns when users came, in milliseconds from the phase's start. */
async function played(spec: object): Promise<number[]> {
  const phaser = createPhaser([{ ...spec, worker: 1, totalWorkers: 1 }]);
  const arrivals: number[] = [];
  let startedMs = 0;
  phaser.on('phaseStarted', () => (startedMs = performance.now()));
  phaser.on('arrival', () => void arrivals.push(performance.now() - startedMs));
  const done = once(phaser as unknown as NodeJS.EventEmitter, 'done');
  phaser.run();
  await done;
  // The last user of a ramp comes at its very end, and its timer may be the later one.
  await setTimeout(100);
  return arrivals;
}

const phase: Phase = { name: 'p', durationS: 1, arrivalRate: null, rampTo: null, arrivalCount: null, pause: false };
/** Timers are late, never early by more than this; and how late one may be on a busy machine says nothing here. */
const EARLY_MS = 2;

describe('users come when the schedule says', { concurrency: true }, () => {
  const cases: [string, Phase, object][] = [
    ['a rate', { ...phase, arrivalRate: 7 }, { duration: 1, arrivalRate: 7 }],
    ['a rate that is no whole number of milliseconds', { ...phase, durationS: 2, arrivalRate: 3 }, { duration: 2, arrivalRate: 3 }],
    ['a count', { ...phase, arrivalCount: 13 }, { duration: 1, arrivalCount: 13 }],
    ['one user', { ...phase, arrivalCount: 1 }, { duration: 1, arrivalCount: 1 }],
    ['a rate so high that its ticks are rounded', { ...phase, arrivalRate: 2_400 }, { duration: 1, arrivalRate: 2_400 }],
    ['a ramp up', { ...phase, durationS: 3, arrivalRate: 1, rampTo: 8 }, { duration: 3, arrivalRate: 1, rampTo: 8 }],
    ['a ramp down to nothing', { ...phase, durationS: 3, arrivalRate: 5, rampTo: 0 }, { duration: 3, arrivalRate: 5, rampTo: 0 }],
    ['a ramp of one second', { ...phase, arrivalRate: 2, rampTo: 7 }, { duration: 1, arrivalRate: 2, rampTo: 7 }],
    ['no user', { ...phase, arrivalCount: 0 }, { duration: 1, arrivalCount: 0 }],
    ['a pause', { ...phase, pause: true }, { pause: 1 }],
    ['a rate of nothing', { ...phase, arrivalRate: 0 }, { duration: 1, arrivalRate: 0 }],
  ];
  for (const [title, ours, spec] of cases) {
    test(title, async () => {
      const schedule = scheduleOf(ours);
      const arrivals = await played(spec);
      assert.equal(arrivals.length, schedule.count);
      for (const [index, atMs] of arrivals.entries()) {
        const dueMs = schedule.offsetMs(index) ?? NaN;
        assert.ok(atMs >= dueMs - EARLY_MS, `user ${index} came at ${atMs} ms, before its ${dueMs} ms`);
      }
      // Half of them come in time on any machine; a wrong tick would make most of them late.
      const late = arrivals.map((atMs, index) => atMs - (schedule.offsetMs(index) ?? NaN)).toSorted((a, b) => a - b);
      assert.ok((late[Math.floor(late.length / 2)] ?? 0) < 150, `late by ${late.join(', ')} ms`);
    });
  }
});

test('random users have an expected number and no times', () => {
  const schedule = scheduleOf({ ...phase, durationS: 60, arrivalRate: 5, poisson: true });
  assert.deepEqual([schedule.count, schedule.random, schedule.offsetMs(0)], [300, true, null]);
});
