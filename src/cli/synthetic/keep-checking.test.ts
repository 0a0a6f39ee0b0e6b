import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepChecking, type Clock, type KeepCheckingOptions } from './keep-checking.ts';
import { everySchedule } from './schedule.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1, 12, 0, 30);

interface World {
  clock: Clock & { advance(ms: number): void };
  told: string[];
  run(options?: Partial<KeepCheckingOptions> & { during?: (due: number) => void; rounds?: number; onSleep?: (ms: number) => void }): Promise<void>;
}

/** A clock that jumps as far as it is asked to sleep, and a log of what came of it; ends after so many rounds. */
function world(): World {
  let now = START;
  const told: string[] = [];
  const at = (epochMs: number): string => new Date(epochMs).toISOString().slice(11, 19);
  const clock = { nowEpochMs: () => now, random: () => 0.5, sleep: async () => {}, advance: (ms: number) => { now += ms; } } satisfies World['clock'];
  return {
    clock, told,
    run: async ({ during = () => {}, rounds = 3, onSleep = (ms: number) => { now += ms; }, ...options } = {}) => {
      const ending = new AbortController();
      let held = 0;
      await keepChecking({
        schedule: everySchedule(5 * MINUTE, '5m'), jitterMs: 0, ended: ending.signal, afterEpochMs: START,
        clock: { ...clock, sleep: async (ms: number) => onSleep(ms) },
        round: async (due) => {
          told.push(`${at(due)} ran at ${at(now)}`);
          during(due);
          if (++held >= rounds) ending.abort();
        },
        skipped: async (event, dues) => void told.push(`${event} ${dues.map(at).join(' ')}`),
        ...options,
      });
    },
  };
}

test('rounds fall on the grid of their interval', async () => {
  const { run, told } = world();
  await run();
  assert.deepEqual(told, ['12:05:00 ran at 12:05:00', '12:10:00 ran at 12:10:00', '12:15:00 ran at 12:15:00']);
});

test('jitter delays a round, never its successor', async () => {
  const { run, told } = world();
  await run({ jitterMs: 40_000, rounds: 2 });
  assert.deepEqual(told, ['12:05:00 ran at 12:05:20', '12:10:00 ran at 12:10:20']);
});

test('a jitter longer than half the interval is held to that', async () => {
  const { run, told } = world();
  await run({ jitterMs: 60 * MINUTE, rounds: 1 });
  assert.deepEqual(told, ['12:05:00 ran at 12:06:15']);
});

test('what fell due during a round is told as overlapped, and the next one comes at its time', async () => {
  const { run, told, clock } = world();
  await run({ rounds: 2, during: () => clock.advance(11 * MINUTE) });
  assert.deepEqual(told, ['12:05:00 ran at 12:05:00', 'overlapped 12:10:00 12:15:00', '12:20:00 ran at 12:20:00']);
});

test('a machine that slept tells what it missed, and makes up for the newest due time within half of its interval', async () => {
  const { run, told, clock } = world();
  let slept = false;
  await run({
    rounds: 1,
    onSleep: (ms) => {
      clock.advance(slept ? ms : 31 * MINUTE);
      slept = true;
    },
  });
  assert.deepEqual(told, ['missed 12:05:00 12:10:00 12:15:00 12:20:00 12:25:00', '12:30:00 ran at 12:31:30']);
});

test('what is later than half of its interval is missed as well', async () => {
  const { run, told, clock } = world();
  let slept = false;
  await run({
    rounds: 1,
    onSleep: (ms) => {
      clock.advance(slept ? ms : 33 * MINUTE);
      slept = true;
    },
  });
  assert.deepEqual(told, ['missed 12:05:00 12:10:00 12:15:00 12:20:00 12:25:00 12:30:00', '12:35:00 ran at 12:35:00']);
});

test('a schedule that was cut short begins with what nobody held since', async () => {
  const { run, told } = world();
  await run({ afterEpochMs: START - 16 * MINUTE, rounds: 1 });
  assert.deepEqual(told, ['missed 11:45:00 11:50:00 11:55:00', '12:00:00 ran at 12:00:30']);
});

test('a wall clock that is set back does not stop the checks until its old time comes again', async () => {
  const { run, told, clock } = world();
  let sleeps = 0;
  await run({ rounds: 1, onSleep: (ms) => clock.advance(++sleeps === 2 ? -60 * MINUTE : ms) });
  assert.deepEqual(told, ['11:05:00 ran at 11:05:00']);
});

test('an end while waiting is heard at once, and nothing runs any more', async () => {
  const { told } = world();
  const ending = new AbortController();
  await keepChecking({
    schedule: everySchedule(5 * MINUTE, '5m'), jitterMs: 0, ended: ending.signal, afterEpochMs: START,
    clock: { nowEpochMs: () => START, random: () => 0, sleep: async () => ending.abort() },
    round: async () => void told.push('ran'),
    skipped: async () => void told.push('skipped'),
  });
  assert.deepEqual(told, []);
});

test('a schedule that ends, ends', async () => {
  const { run, told } = world();
  await run({ schedule: { words: 'never', next: () => null, everyMs: () => 1 } });
  assert.deepEqual(told, []);
});
