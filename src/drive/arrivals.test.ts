import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduleOf, type Phase } from '../model/index.ts';
import { ArrivalClock } from './arrivals.ts';

const blank = { durationS: 10, arrivalRate: null, rampTo: null, arrivalCount: null, pause: false };
const phase = (name: string, changes: Partial<Phase>): Phase => ({ ...blank, name, ...changes });
/** Plays a phase's users, each later than its time by what `lateMs` says; returns phase and lateness of each. */
function play(clock: ArrivalClock, one: Phase, startMs: number, lateMs: (index: number) => number): { phase: string | null; lateMs: number }[] {
  const schedule = scheduleOf(one);
  const arrivals = Array.from({ length: schedule.count }, (_, index) => {
    const atMs = startMs + (schedule.offsetMs(index) ?? 0) + lateMs(index);
    return { atMs, ...clock.arrived(atMs) };
  });
  return arrivals.map(({ atMs, intendedMs, phase: name }) => ({ phase: name, lateMs: Math.round(atMs - (intendedMs() ?? NaN)) }));
}

test('users are told their time even where the news of the phase is late, or never comes', () => {
  const steady = phase('steady', { arrivalRate: 2 });
  const silent = play(new ArrivalClock([steady]), steady, 5_000, (index) => (index === 7 ? 400 : 0));
  assert.deepEqual(silent.map((one) => one.lateMs), [...Array<number>(7).fill(0), 400, ...Array<number>(12).fill(0)]);
  const told = new ArrivalClock([steady]);
  told.phaseStarted('steady', 5_030);
  assert.ok(play(told, steady, 5_000, () => 0).every((one) => one.lateMs === 0));
});

test('with the news, lateness that all users share is seen', () => {
  const steady = phase('steady', { arrivalRate: 2 });
  const clock = new ArrivalClock([steady]);
  clock.phaseStarted('steady', 5_002);
  assert.ok(play(clock, steady, 5_000, () => 300).every((one) => one.lateMs === 298));
});

test('users belong to the phase that sent them, although the news of the next one comes later', () => {
  const [first, gap, second] = [phase('first', { arrivalCount: 5 }), phase('gap', { pause: true }), phase('second', { arrivalRate: 1 })];
  const clock = new ArrivalClock([first, gap, second]);
  clock.phaseStarted('first', 0);
  assert.deepEqual(new Set(play(clock, first, 0, () => 0).map((one) => one.phase)), new Set(['first']));
  // Ten seconds, ten of pause, then the first user comes before the news.
  const seconds = play(clock, second, 20_000, () => 1);
  clock.phaseStarted('second', 20_004);
  assert.deepEqual(new Set(seconds.map((one) => `${one.phase} ${one.lateMs}`)), new Set(['second 0']));
});

test('random users have a phase, by the news, and no time', () => {
  const clock = new ArrivalClock([phase('random', { arrivalRate: 5, poisson: true }), phase('steady', { arrivalRate: 1 })]);
  clock.phaseStarted('random', 0);
  const random = clock.arrived(70);
  assert.deepEqual([random.phase, random.intendedMs()], ['random', null]);
  clock.phaseStarted('steady', 10_000);
  const steady = clock.arrived(11_000);
  assert.deepEqual([steady.phase, steady.intendedMs()], ['steady', 10_000 + 1_000]);
});

test("a ramp's own timers make nobody late, a stall does", () => {
  const ramp = phase('ramp', { durationS: 120, arrivalRate: 2, rampTo: 10 });
  const offset = scheduleOf(ramp).offsetMs;
  const second = (index: number): number => Math.floor(((offset(index) ?? 0) - 1) / 1_000);
  const clock = new ArrivalClock([ramp]);
  clock.phaseStarted('ramp', 1_000);
  // 1.4 ms a second: 168 ms in the end, which would else be told as lateness.
  assert.ok(play(clock, ramp, 1_000, (index) => second(index) * 1.4).every((one) => one.lateMs <= 2));
  const stalled = new ArrivalClock([ramp]);
  stalled.phaseStarted('ramp', 1_000);
  const late = play(stalled, ramp, 1_000, (index) => (second(index) >= 60 ? 500 : 0));
  assert.ok(late.filter((_, index) => second(index) === 60).every((one) => one.lateMs >= 490));
  assert.ok((late.at(-1)?.lateMs ?? 0) > 350);
});

test('the users that a ramp leaves behind stay in it', () => {
  const [ramp, next] = [phase('ramp', { durationS: 2, arrivalRate: 1, rampTo: 1 }), phase('next', { arrivalRate: 1 })];
  const clock = new ArrivalClock([ramp, next]);
  clock.phaseStarted('ramp', 0);
  assert.equal(clock.arrived(1_000).phase, 'ramp');
  clock.phaseStarted('next', 2_002);
  assert.equal(clock.arrived(2_003).phase, 'ramp');
  assert.deepEqual([clock.arrived(3_002)].map((one) => [one.phase, one.intendedMs()]), [['next', 3_002]]);
});

test('more users than planned are still told apart from none', () => {
  const clock = new ArrivalClock([phase('only', { arrivalCount: 1 })]);
  clock.arrived(10_000);
  assert.equal(clock.arrived(20_000).phase, 'only');
  assert.equal(new ArrivalClock([]).arrived(5).phase, null);
});
