import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overBudget } from '../../model/index.ts';
import { Bins } from './bins.ts';
import { PastKnee } from './past-knee.ts';

const WINDOW_MS = 1_000;

/** Feeds windows of 100 due requests in two routes; returns what was said after each. */
function said(windows: { answered: number; ms: number }[], sloP95Ms: number | null = null): (string | null)[] {
  const request = {
    method: 'GET' as const, path: '/a', route: 'GET /a', params: [], body: null, data: null, session: false, capture: {}, sloP95Ms,
  };
  const knee = new PastKnee({ windowMs: WINDOW_MS, scenarios: [{ name: 's', ratePerSecond: 100, users: 0, flows: [{ weight: 1, requests: [request] }] }] });
  return windows.map(({ answered, ms }, index) => {
    for (const part of [0, 1]) {
      const latency = new Bins();
      const ok = part === 0 ? Math.ceil(answered / 2) : Math.floor(answered / 2);
      for (let i = 0; i < ok; i += 1) latency.addMs(ms);
      knee.add({ fromMs: index * WINDOW_MS, scheduled: 50, ok, failed: {}, latency: latency.toJSON() });
    }
    return knee.passed((index + 1) * WINDOW_MS);
  });
}

const good = { answered: 100, ms: 10 };
const slow = { answered: 100, ms: 31 };
const lossy = { answered: 89, ms: 10 };

const CASES: { name: string; windows: { answered: number; ms: number }[]; slo?: number; at: number | null }[] = [
  { name: 'a target that keeps up is never past its knee', windows: [...Array<typeof good>(20).fill(good)], at: null },
  { name: 'three slow windows in a row are past it', windows: [good, good, good, slow, slow, slow], at: 5 },
  { name: 'three windows with too few answers are past it, also at the very start', windows: [lossy, lossy, lossy], at: 2 },
  { name: 'two in a row are not, however often', windows: [good, good, good, slow, slow, good, lossy, lossy, good], at: null },
  { name: 'of both kinds they count together', windows: [good, good, good, slow, lossy, slow], at: 5 },
  { name: 'slow, and still within the objective, is no knee', windows: [good, good, good, slow, slow, slow, slow], slo: 50, at: null },
  { name: 'it is said once', windows: [good, good, good, slow, slow, slow, slow, slow, slow, slow], at: 5 },
];

for (const { name, windows, slo, at } of CASES) {
  test(name, () => {
    const all = said(windows, slo ?? null);
    assert.deepEqual(all.map((one) => one !== null), windows.map((_, index) => index === at));
  });
}

test('a window is looked at only when all its parts are in, and one with hardly any requests says nothing', () => {
  const knee = new PastKnee({ windowMs: WINDOW_MS, scenarios: [] });
  for (let index = 0; index < 5; index += 1) {
    knee.add({ fromMs: index * WINDOW_MS, scheduled: 30, ok: 0, failed: {}, latency: new Bins().toJSON() });
    assert.equal(knee.passed((index + 1) * WINDOW_MS), null);
  }
  for (let index = 5; index < 8; index += 1) knee.add({ fromMs: index * WINDOW_MS, scheduled: 300, ok: 0, failed: {}, latency: new Bins().toJSON() });
  assert.equal(knee.passed(7_999), null);
  assert.match(knee.passed(8_000) ?? '', /only 0 % of the due requests were answered, in 3 windows of 1 s in a row/);
});

test('what a third party\'s budget held back is no sign of a target that does not keep up', () => {
  const knee = new PastKnee({ windowMs: WINDOW_MS, scenarios: [] });
  const latency = new Bins();
  for (let i = 0; i < 60; i += 1) latency.addMs(10);
  for (let index = 0; index < 5; index += 1) {
    knee.add({
      fromMs: index * WINDOW_MS, scheduled: 100, ok: 60, failed: { [overBudget('payments')]: 40 }, latency: latency.toJSON(),
    });
    assert.equal(knee.passed((index + 1) * WINDOW_MS), null);
  }
});
