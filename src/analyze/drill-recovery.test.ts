import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Drill } from '../model/index.ts';
import type { Course } from './drill-course.ts';
import { recoveryOfDrill, normalOf, type DrillRecovery, type TimedSample } from './drill-recovery.ts';

const DRILL = { name: 'down', expect: { journeys: {} }, actions: [] } as unknown as Drill;
/** The fault from 20 s to 30 s, the end at 50 s. */
const IN = 20_000;
const OUT = 30_000;
const END = 50_000;
const COURSE: Course = { drill: DRILL, events: [], begunMs: 0, endedMs: END, fault: { fromMs: IN, toMs: OUT }, flaw: null };

const sample = (fromMs: number, ms: number, failed = false): TimedSample => ({ journey: 'checkout', kind: 'pay', span: { fromMs, toMs: fromMs + ms }, ms, failed });
/** Steps of about 100 ms every 200 ms in a stretch of time. */
const even = (fromMs: number, toMs: number): TimedSample[] => Array.from({ length: Math.floor((toMs - fromMs) / 200) }, (_, index) => sample(fromMs + index * 200, 95 + (index % 7)));
/** So many steps that begin every 300 ms and hang until their deadline of 30 s. */
const hanging = (fromMs: number, count: number): TimedSample[] => Array.from({ length: count }, (_, index) => sample(fromMs + index * 300, 30_000, true));
/** Steps in the fault that take a second. */
const SLOW = Array.from({ length: 40 }, (_, index) => sample(IN + index * 200, 1_000));

/** The generator is disturbed once the drill is over, which hides nothing of it. */
function recoveryOf(...samples: TimedSample[]): DrillRecovery {
  const all = [...even(0, IN - 200), ...samples];
  return recoveryOfDrill(COURSE, all, normalOf([COURSE], all), ({ toMs }) => toMs < END);
}

test('a target that hangs after the fault until the drill is over has not recovered', () => {
  for (const inFault of [SLOW, even(IN, OUT - 200)]) {
    const { recovery, doubt } = recoveryOf(...inFault, ...hanging(OUT + 100, 6));
    assert.deepEqual([recovery?.afterMs, recovery?.low, recovery?.high, doubt], [null, END - OUT, null, null]);
  }
});

test('a target that came back and hangs from then on has not recovered either', () => {
  const { recovery, doubt, evidence } = recoveryOf(...SLOW, ...even(OUT + 1_000, OUT + 10_000), ...hanging(OUT + 10_000, 6));
  assert.deepEqual([recovery?.afterMs, recovery?.low, recovery?.high, doubt], [null, END - OUT, null, null]);
  assert.match(evidence.join(), /6 steps or requests were still waiting as the drill ended/);
});

test('a few that still wait leave it open, one alone and what began just now do not', () => {
  const good = [...SLOW, ...even(OUT + 1_000, END - 200)];
  const { recovery, doubt } = recoveryOf(...good, ...hanging(END - 5_000, 2));
  assert.deepEqual([recovery?.afterMs, recovery?.high], [null, null]);
  assert.match(doubt ?? '', /2 steps or requests were still waiting/);
  const chance = recoveryOf(...good, ...hanging(END - 5_000, 1), ...Array.from({ length: 5 }, () => sample(END - 50, 30_000, true)));
  assert.equal(chance.doubt, null);
  assert.ok(chance.recovery?.afterMs != null);
});

test('silence until the end is no proof, however good it was before', () => {
  const { recovery, doubt } = recoveryOf(...SLOW, ...even(OUT + 1_000, OUT + 10_000));
  assert.deepEqual([recovery?.afterMs, recovery?.high], [null, null]);
  assert.match(doubt ?? '', /too few samples in the last \d+(\.\d)? s of the drill/);
  assert.equal(recoveryOf(...SLOW, ...even(OUT + 1_000, END - 2_000)).doubt, null);
});

test('where its own steady stretch holds too few samples, those of the other drills say what is normal', () => {
  const other: Course = { ...COURSE, begunMs: 60_000, endedMs: 110_000, fault: { fromMs: 80_000, toMs: 90_000 } };
  const own = [...even(0, 2_000), ...SLOW, ...even(OUT + 3_000, END - 200)];
  const judge = (...samples: TimedSample[]): DrillRecovery => recoveryOfDrill(COURSE, samples, normalOf([COURSE, other], samples), () => true);
  assert.match(judge(...own).doubt ?? '', /needs 3 windows with undisturbed samples before the faults/);
  const { recovery, doubt } = judge(...own, ...even(60_000, 79_800));
  assert.deepEqual([doubt, recovery?.afterMs !== null && (recovery?.high ?? Infinity) <= 6_000], [null, true]);
});
