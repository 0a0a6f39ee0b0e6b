import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { normalCdf } from '../rate-bounds.ts';
import { holm } from './decide.ts';
import { mannWhitney } from './mann-whitney.ts';
import { fisherP, rateShift } from './rates.ts';
import { designEffect } from './request-trials.ts';
import { quantile, samplesOf } from './samples.ts';
import type { Samples } from './samples.ts';
import { stepSamples } from './testing.ts';

const samples = (values: readonly number[]): Samples => samplesOf(stepSamples('pay', values));
const near = (actual: number, expected: number, by: number): void => assert.ok(Math.abs(actual - expected) <= by, `${actual} is not ${expected}`);
const rate = (events: number, n: number): { events: number; n: number; unknown: number } => ({ events, n, unknown: 0 });

test('Mann–Whitney gives what R gives for its own example with ties: airquality, ozone in May against August', () => {
  const may = [41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37];
  const august = [39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85];
  const result = mannWhitney(samples(may), samples(august));
  // wilcox.test(Ozone ~ Month, data = airquality, subset = Month %in% c(5, 8)): W = 127.5, p-value = 0.0001208
  near(result?.p ?? 1, 0.0001208, 5e-8);
  near(result?.superiority ?? 0, 1 - 127.5 / (26 * 26), 1e-12);
});

test('Mann–Whitney agrees with its textbook form by pairs and midranks, whatever the ties', () => {
  const side = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 8, maxLength: 25 });
  fc.assert(fc.property(side, side, (a, b) => {
    const result = mannWhitney(samples(a), samples(b));
    const wins = b.flatMap((y) => a.map((x) => (y > x ? 1 : y === x ? 0.5 : 0))).reduce<number>((sum, one) => sum + one, 0);
    const all = [...a, ...b];
    const ties = [...new Set(all)].map((value) => all.filter((one) => one === value).length).reduce((sum, t) => sum + t ** 3 - t, 0);
    const variance = ((a.length * b.length) / 12) * (all.length + 1 - ties / (all.length * (all.length - 1)));
    const z = variance === 0 ? 0 : Math.max(0, Math.abs(wins - (a.length * b.length) / 2) - 0.5) / Math.sqrt(variance);
    near(result?.superiority ?? -1, wins / (a.length * b.length), 1e-9);
    near(result?.p ?? -1, Math.min(1, 2 * (1 - normalCdf(Math.min(8, z)))), 1e-9);
  }), { seed: 1, numRuns: 60 });
});

test('exchanging the runs mirrors Mann–Whitney, also where users gave several samples each', () => {
  const side = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 9 })), { minLength: 60, maxLength: 80 });
  const clustered = (pairs: readonly (readonly [number, number])[]): Samples =>
    samplesOf(stepSamples('pay', pairs.map(([value]) => value), { users: pairs.map(([, user]) => user) }));
  fc.assert(fc.property(side, side, (a, b) => {
    const [one, other] = [mannWhitney(clustered(a), clustered(b)), mannWhitney(clustered(b), clustered(a))];
    if (one === null || other === null) return assert.equal(one, other);
    near(one.p, other.p, 1e-9);
    near(one.superiority, 1 - other.superiority, 1e-9);
  }), { seed: 2, numRuns: 40 });
});

test('a weight is so many samples, and a censored sample is slower than all others', () => {
  const weighed = samplesOf(stepSamples('pay', [5, 1, 3], { weights: [1, 4, 2], users: [0, 1, 2], censored: [[3, 3]], deadlineMs: 10 }));
  assert.deepEqual([weighed.n, weighed.userCount, weighed.censored], [10, 4, 3]);
  assert.deepEqual([0.4, 0.5, 0.7, 0.71].map((p) => quantile(weighed, p)), [1, 3, 5, Infinity]);
  assert.equal(quantile(samples([]), 0.5), null);
});

test("Fisher's test gives the published values", () => {
  // Fisher's tea tasting, and R's example of convictions of twins.
  near(fisherP(rate(3, 4), rate(1, 4)), 0.4857143, 1e-6);
  near(fisherP(rate(10, 13), rate(2, 17)), 0.0005367, 5e-8);
  assert.equal(fisherP(rate(0, 50_000), rate(0, 70_000)), 1);
  assert.ok(fisherP(rate(5_000, 500_000), rate(6_000, 500_000)) < 1e-9);
});

test("the bounds of a difference of rates are those of Newcombe's paper", () => {
  // Newcombe 1998, table II, example (a), method 10: 56/70 less 48/80.
  const { low, high } = rateShift(rate(48, 80), rate(56, 70), 0.975);
  near(low, 0.0524, 5e-5);
  near(high, 0.3339, 5e-5);
  const known = rateShift(rate(2, 100), rate(2, 100), 0.95);
  const doubtful = rateShift(rate(2, 100), { events: 2, n: 100, unknown: 10 }, 0.95);
  assert.ok(doubtful.high > known.high);
});

test('trials that come in users are worth as many as there are users, at the least', () => {
  const clumped = Array.from({ length: 20 }, (_, user) => ({ events: user < 5 ? 10 : 0, n: 10 }));
  near(designEffect(clumped) ?? 0, 10 * (20 / 19), 1e-9);
  const spread = Array.from({ length: 20 }, () => ({ events: 1, n: 10 }));
  assert.equal(designEffect(spread), 1);
  assert.equal(designEffect([{ events: 0, n: 10 }, { events: 0, n: 10 }]), null);
  assert.equal(designEffect([{ events: 1, n: 10 }]), null);
});

test('Holm corrects the smallest p by the number of all, and keeps their order', () => {
  assert.deepEqual(holm([0.01, 0.04, 0.03]).map((p) => Number(p.toFixed(6))), [0.03, 0.06, 0.06]);
  assert.deepEqual(holm([0.9, 0.8]), [1, 1]);
  assert.deepEqual(holm([]), []);
});
