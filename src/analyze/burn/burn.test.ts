import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ErrorBudgetRule, type ErrorBudget } from '../../model/index.ts';
import { isOver } from './alerts.ts';
import { errorBudget } from './budget.ts';
import { checkEvidence, requestEvidence, type RequestStep } from './evidence.ts';
import type { RoundView } from './spans.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = 1_795_000_000_000 - (1_795_000_000_000 % DAY);
const RULE = ErrorBudgetRule.parse({
  service: 'payments', title: 'Payments', objective_percent: 99.9, journeys: ['pay'], source: 'a test',
});

type Status = 'up' | 'flaky' | 'down' | 'unknown';
function round(agoMs: number, status: Status, more: Partial<RoundView> & { journey?: string } = {}): RoundView {
  const { journey = 'pay', ...rest } = more;
  const dueAtEpochMs = NOW - agoMs;
  return {
    dueAtEpochMs, startedAtEpochMs: dueAtEpochMs, endedAtEpochMs: dueAtEpochMs, everyMs: 5 * MINUTE,
    checks: [{ journey, status }], ...rest,
  };
}
/** Rounds every five minutes over the last `hours`, the newest just now. */
const rounds = (hours: number, statusOf: (agoMs: number) => Status): RoundView[] =>
  Array.from({ length: hours * 12 }, (_one, index) => round(index * 5 * MINUTE, statusOf(index * 5 * MINUTE))).reverse();
const budget = (list: readonly RoundView[], rule = RULE): ErrorBudget => errorBudget(rule, checkEvidence(list, rule.journeys, NOW));
const rate = ({ burns }: ErrorBudget, windowMs: number): number | null | undefined => burns.find((burn) => burn.windowMs === windowMs)?.rate;
const near = (a: number | null | undefined, b: number): void => assert.ok(Math.abs((a ?? NaN) - b) <= 1e-6 * Math.max(1, b), `${a} for ${b}`);
const ids = ({ alerts }: ErrorBudget): string[] => alerts.map(({ id }) => id);

test('99.9 % of a month are 43.8 minutes, and all is left of them where every check passed', () => {
  const { budgetMs, spentMs, leftPercent, knownMs, n, bad, alerts } = budget(rounds(24, () => 'up'));
  near(budgetMs / MINUTE, 43.83);
  assert.deepEqual([spentMs, leftPercent, knownMs, n, bad, alerts], [0, 100, DAY, 288, 0, []]);
});

test('nothing known is null, not 0 and not 100 %', () => {
  const { spentMs, leftPercent, knownMs, n, burns, alerts } = budget([]);
  assert.deepEqual([spentMs, leftPercent, knownMs, n, alerts], [null, null, 0, 0, []]);
  assert.ok(burns.every((burn) => burn.rate === null && burn.knownMs === 0));
});

test('a check that is down spends the time since the one before it; flaky and unknown spend nothing', () => {
  const at = (status: Status): ErrorBudget => budget(rounds(24, (agoMs) => (agoMs === 10 * HOUR ? status : 'up')));
  near(at('down').spentMs, 5 * MINUTE);
  near(at('down').leftPercent, 100 * (1 - 5 / 43.83));
  assert.deepEqual([at('flaky').spentMs, at('flaky').knownMs, at('flaky').n, at('flaky').bad], [0, DAY, 288, 0]);
  // Nobody knows of those five minutes: they are not among the known ones.
  assert.deepEqual([at('unknown').spentMs, at('unknown').knownMs, at('unknown').n], [0, DAY - 5 * MINUTE, 287]);
});

test('time without rounds is unknown, and counts in no rate', () => {
  const gap = rounds(24, () => 'down').filter(({ dueAtEpochMs }) => (dueAtEpochMs ?? 0) > NOW - 30 * MINUTE);
  const some = budget(gap);
  assert.deepEqual([some.knownMs, some.spentMs], [30 * MINUTE, 30 * MINUTE]);
  near(rate(some, HOUR), 1_000);
  assert.equal(rate(budget([round(10 * HOUR, 'up')]), HOUR), null);
});

test('a round that hangs while others are left out speaks until its end', () => {
  const list = [round(20 * MINUTE, 'up'), round(15 * MINUTE, 'down', { endedAtEpochMs: NOW - 3 * MINUTE }), round(0, 'up')];
  // Down from 20 to 5 minutes ago; the last round speaks for the last five.
  assert.deepEqual([budget(list).spentMs, budget(list).knownMs], [15 * MINUTE, 25 * MINUTE]);
});

test('a round that somebody started by hand speaks for its own length, and takes nothing from those on schedule', () => {
  const byHand = { dueAtEpochMs: null, everyMs: null, endedAtEpochMs: NOW - 2 * MINUTE };
  const list = [round(10 * MINUTE, 'up'), round(3 * MINUTE, 'down', byHand), round(0, 'up')];
  assert.deepEqual([budget([round(3 * MINUTE, 'down', byHand)]).spentMs, budget(list).knownMs], [MINUTE, 10 * MINUTE]);
  assert.equal(budget(list).spentMs, 0);
});

test('a round much later than it was due speaks for the time before it began', () => {
  const late = round(3 * HOUR, 'down', { startedAtEpochMs: NOW - MINUTE, endedAtEpochMs: NOW - MINUTE });
  near(budget([late]).spentMs, 5 * MINUTE);
  near(rate(budget([late]), 30 * MINUTE), 1_000);
});

test('a round that came late speaks for its period and its own length, not for the time by which it was late', () => {
  // As on GitHub: every 15 minutes, seven minutes after it was due, and one minute long.
  const late = (agoMs: number, status: Status): RoundView => round(agoMs, status, {
    everyMs: 15 * MINUTE, startedAtEpochMs: NOW - agoMs + 7 * MINUTE, endedAtEpochMs: NOW - agoMs + 8 * MINUTE,
  });
  assert.deepEqual([budget([late(8 * MINUTE, 'down')]).spentMs, ids(budget([late(8 * MINUTE, 'down')]))[4]], [16 * MINUTE, 'payments/spent-25']);
  // The next one tells of the time between; nothing known before is taken back.
  assert.equal(budget([late(23 * MINUTE, 'down'), late(8 * MINUTE, 'up')]).spentMs, 15 * MINUTE);
});

test('a service is down while any of its journeys is, and known while any of them is', () => {
  const rule = { ...RULE, journeys: ['pay', 'refund'] };
  const list = [
    round(10 * MINUTE, 'up'), round(5 * MINUTE, 'up'), round(0, 'up'),
    round(10 * MINUTE, 'up', { journey: 'refund' }), round(5 * MINUTE, 'down', { journey: 'refund' }), round(0, 'unknown', { journey: 'refund' }),
    round(0, 'down', { journey: 'another' }),
  ];
  const both = budget(list, rule);
  assert.deepEqual([both.spentMs, both.knownMs, both.n, both.bad], [5 * MINUTE, 15 * MINUTE, 5, 1]);
});

test('a fault found now pages at once, and the fast alerts end with the first round that passes', () => {
  const outage = budget(rounds(96, (agoMs) => (agoMs === 0 ? 'down' : 'up')));
  near(rate(outage, HOUR), 1_000 * (5 / 60));
  assert.deepEqual(ids(outage), ['payments/burn-14.4', 'payments/burn-6', 'payments/burn-3', 'payments/burn-1']);
  assert.match(outage.alerts[0]?.message ?? '',
    /^Payments: the error budget burns 83\.3 times as fast as it lasts \(limit 14\.4\): 8\.33 % of what is known of the last 1 h was down, 100 % of the last 5 min; first 5 min ago\.$/);
  const after = budget(rounds(96, (agoMs) => (agoMs === 5 * MINUTE ? 'down' : 'up')));
  assert.deepEqual(ids(after), ['payments/burn-6', 'payments/burn-3', 'payments/burn-1']);
});

test('a blip that is all somebody knows pages nobody, and is no end of an alert that is on', () => {
  // A round by hand, half a minute long, and nothing else for days.
  const blip = budget([round(0, 'down', { dueAtEpochMs: null, everyMs: null, startedAtEpochMs: NOW - 30_000, endedAtEpochMs: NOW })]);
  assert.deepEqual([rate(blip, HOUR), blip.spentMs, ids(blip)], [1_000, 30_000, []]);
  assert.deepEqual(['payments/burn-14.4', 'payments/burn-1'].map((id) => isOver(id, [blip])), [false, false]);
  // 52 seconds are what an hour at 14.4 spends, 2 % of a month's budget; the slower rates want more of longer windows.
  const outage = budget([round(0, 'down', { dueAtEpochMs: null, everyMs: null, startedAtEpochMs: NOW - 52_000, endedAtEpochMs: NOW })]);
  assert.deepEqual(ids(outage), ['payments/burn-14.4']);
});

test('each burn rate has its own long and short window, exactly as the workbook has them', () => {
  // Requests let the shares be set freely: 5 % bad in the last so much, none before.
  const bad = (lastMs: number, share: number): string[] => ids(errorBudget(RULE, requestEvidence(
    Array.from({ length: 72 * 12 }, (_one, index): RequestStep => {
      const toMs = NOW - index * 5 * MINUTE;
      return { fromMs: toMs - 5 * MINUTE, toMs, total: 1_000, bad: toMs > NOW - lastMs ? 1_000 * share : 0 };
    }), NOW))).filter((id) => id.includes('burn'));
  const name = (...rates: number[]): string[] => rates.map((one) => `payments/burn-${one}/prometheus`);
  assert.deepEqual(bad(HOUR, 0.0145), name(14.4));
  assert.deepEqual(bad(HOUR, 0.0143), []);
  assert.deepEqual(bad(6 * HOUR, 0.0061), name(6));
  assert.deepEqual(bad(DAY, 0.0031), name(3, 1));
  assert.deepEqual(bad(3 * DAY, 0.0011), name(1));
  assert.deepEqual(bad(3 * DAY, 0.0009), []);
});

test('25, 50 and 75 % of the budget tell somebody; only the first is mere information', () => {
  const spent = (minutes: number): [string, string][] => budget(rounds(24 * 20, (agoMs) => (agoMs >= 10 * DAY && agoMs < 10 * DAY + minutes * MINUTE ? 'down' : 'up')))
    .alerts.map(({ id, severity }) => [id, severity]);
  assert.deepEqual(spent(10), []);
  assert.deepEqual(spent(15), [['payments/spent-25', 'info']]);
  assert.deepEqual(spent(25), [['payments/spent-25', 'info'], ['payments/spent-50', 'ticket']]);
  assert.deepEqual(spent(60), [['payments/spent-25', 'info'], ['payments/spent-50', 'ticket'], ['payments/spent-75', 'ticket']]);
});

test('an alert whose figure is unknown now is not over', () => {
  const known = budget(rounds(96, () => 'up'));
  const unknown = budget([]);
  assert.deepEqual(['payments/burn-6', 'payments/spent-25'].map((id) => [isOver(id, [known]), isOver(id, [unknown])]), [[true, false], [true, false]]);
  // Another source, or a service that slo.yml no longer has, says nothing for it.
  assert.equal(isOver('payments/burn-6/prometheus', [unknown]), true);
  assert.equal(isOver('gone/burn-6', [unknown]), true);
});

test('requests: unknown time has no requests in it; what Prometheus extrapolates is kept within all of them', () => {
  const step = (agoMs: number, total: number, bad: number): RequestStep => ({ fromMs: NOW - agoMs - 5 * MINUTE, toMs: NOW - agoMs, total, bad });
  const all = errorBudget(RULE, requestEvidence([step(0, 100, 120), step(5 * MINUTE, 300, -2), step(10 * MINUTE, 0, 0)], NOW));
  assert.deepEqual([all.knownMs, all.n, all.bad], [10 * MINUTE, 400, 100]);
  near(all.spentMs, 2.5 * MINUTE);
  near(rate(all, 5 * MINUTE), 1_000);
});

// --- Against a count of single minutes ----------------------------------------------------------------------------------
const anyRound = fc.record({
  at: fc.integer({ min: -140, max: 3 }), every: fc.constantFrom(null, 1, 5, 15, 60), took: fc.integer({ min: 0, max: 20 }),
  late: fc.constantFrom(null, 0, 1, 7, 90), status: fc.constantFrom<Status>('up', 'flaky', 'down', 'unknown'), journey: fc.constantFrom('a', 'b'),
});
type AnyRound = { at: number; every: number | null; took: number; late: number | null; status: Status; journey: string };

function asRound({ at, every, took, late, status, journey }: AnyRound): RoundView {
  const startedAtEpochMs = NOW + at * MINUTE;
  return {
    dueAtEpochMs: late === null ? null : startedAtEpochMs - late * MINUTE, startedAtEpochMs, endedAtEpochMs: startedAtEpochMs + took * MINUTE,
    everyMs: every === null ? null : every * MINUTE, checks: [{ journey, status }],
  };
}

/** When a round was due, as long as it came within a period of that. */
function anchorOf({ at, late, every }: Pick<AnyRound, 'at' | 'late' | 'every'>): number {
  return late !== null && late <= (every ?? 0) ? at - late : at;
}

/** What one journey was in the minute that ends at `minute`, as the documentation says it: looked up, not computed in spans. */
function stateIn(minute: number, list: readonly AnyRound[], journey: string): boolean | null {
  const checks = list.filter((one) => one.journey === journey && one.status !== 'unknown').map((one) => {
    return { at: anchorOf(one), every: one.every ?? 0, end: one.at + one.took, start: one.at, down: one.status === 'down' };
  });
  const next = checks.filter(({ at, every }) => at >= minute && at - every < minute).sort((a, b) => a.at - b.at || Number(b.down) - Number(a.down))[0];
  if (next) return next.down;
  const before = checks.filter(({ at }) => at < minute);
  const last = Math.max(...before.map(({ at }) => at));
  const until = before.filter(({ at, start, end }) => at === last && start < minute && end >= minute);
  return until.length === 0 ? null : until.some(({ down }) => down);
}

test('any rounds of two journeys give the known and the spent minutes of a count minute by minute', () => {
  fc.assert(fc.property(fc.uniqueArray(anyRound, { maxLength: 40, selector: (one) => `${one.journey} ${anchorOf(one)}` }), fc.integer({ min: 1, max: 150 }), (list, windowMinutes) => {
    const states: boolean[] = [];
    for (let minute = 1 - windowMinutes; minute <= 0; minute += 1) {
      const both = ['a', 'b'].map((journey) => stateIn(minute, list, journey));
      if (both.some((state) => state !== null)) states.push(both.includes(true));
    }
    const evidence = checkEvidence(list.map(asRound), ['a', 'b'], NOW);
    const { knownMs, badShare } = evidence.tally(windowMinutes * MINUTE);
    const counted = list.filter(({ status, ...one }) => status !== 'unknown' && anchorOf(one) > -windowMinutes && anchorOf(one) <= 0);
    assert.deepEqual(evidence.count(windowMinutes * MINUTE), { n: counted.length, bad: counted.filter(({ status }) => status === 'down').length });
    assert.equal(knownMs / MINUTE, states.length);
    if (states.length === 0) assert.equal(badShare, null);
    else near(badShare, states.filter(Boolean).length / states.length);
  }), { seed: 6, numRuns: 400 });
});

test('the order of the rounds does not matter', () => {
  fc.assert(fc.property(fc.array(anyRound, { maxLength: 20 }), (list) => {
    const of = (some: readonly AnyRound[]): ErrorBudget => budget(some.map(asRound), { ...RULE, journeys: ['a', 'b'] });
    assert.deepEqual(of(list.toReversed()), of(list));
  }), { seed: 6, numRuns: 100 });
});
