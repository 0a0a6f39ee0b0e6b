import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BREACHES, type IntegrityReport } from '../../model/index.ts';
import { GAME_DAY_VERSION, NO_TIMES, GameDay } from '../../model/game-day.ts';
import { aimsOf, exitCodeOf } from './aims.ts';
import { gameDayJson, gameDayLines, gameDayMarkdown } from './report.ts';

const TARGETS = { detectionMs: 60_000, decisionMs: 120_000, recoveryMs: 300_000 };
const NO_BREACHES = Object.fromEntries(BREACHES.map((kind) => [kind, 0])) as IntegrityReport['counts'];
const BOOKS: IntegrityReport = {
  payments: 8,
  fromBrowsers: 8,
  inPlatform: 8,
  atProvider: 8,
  books: { platform: 'complete', provider: 'complete' },
  underWay: 0,
  ruledOutPercent: 31.2,
  states: { held: 8 },
  counts: NO_BREACHES,
  breaches: [],
};
const START = 1_795_000_000_000;

/** A game day in which all went well. */
function aDay(changes: Partial<GameDay> = {}): GameDay {
  const at = (s: number): number => START + s * 1_000;
  return GameDay.parse({
    version: GAME_DAY_VERSION,
    id: '2026-11-22T08-00-00Z-gameday',
    team: 'people',
    target: 'embedded',
    harnessVersion: '1',
    commit: null,
    seed: 7,
    overrides: [],
    startedAtEpochMs: START - 60_000,
    endedAtEpochMs: at(200),
    outcome: 'recovered',
    drill: {
      name: 'payments-down',
      title: 'Payment provider, total outage',
      what: ['payments: nothing comes through'],
      runbooks: ['payment-provider'],
      decisions: ['roll-back'],
    },
    times: {
      faultIn: at(0),
      firstFailingCheck: at(11),
      alert: at(12),
      detected: at(41),
      runbook: at(60),
      decision: at(90),
      rollback: at(91),
      recovered: at(125),
    },
    falseAlarms: 0,
    runbook: 'payment-provider',
    decisions: [{ decision: { kind: 'roll-back' }, atEpochMs: at(90), doneAtEpochMs: at(91) }],
    timeline: [{ atEpochMs: at(12), kind: 'alert', text: 'PAGE · escrow checkout is down' }],
    rounds: 20,
    money: BOOKS,
    moneyUnread: null,
    teardown: null,
    aims: [],
    notUndone: [],
    ...changes,
  });
}

const CASES: [what: string, changes: Partial<GameDay>, states: string, exitCode: number][] = [
  ['all went well', {}, 'met met met met met', 0],
  ['the team saw it too late', { times: { ...aDay().times, detected: START + 61_000 } }, 'missed met met met met', 1],
  ['another page was chosen', { runbook: 'read-replica' }, 'met met met missed met', 1],
  [
    'a payment was taken twice',
    { money: { ...BOOKS, counts: { ...NO_BREACHES, duplicate_charge: 1 } } },
    'met met met met missed',
    1,
  ],
  [
    'a payment was lost, and a book was not read to its end',
    { money: { ...BOOKS, counts: { ...NO_BREACHES, lost_payment: 1 } }, moneyUnread: 'late' },
    'met met met met missed',
    1,
  ],
  ['the books were not read', { money: null, moneyUnread: 'no answer' }, 'met met met met not told', 2],
  ['one book was read', { moneyUnread: "the provider's book: no answer" }, 'met met met met not told', 2],
  ['nobody paid', { money: { ...BOOKS, payments: 0, ruledOutPercent: null } }, 'met met met met not told', 2],
  ['payments were still under way', { money: { ...BOOKS, underWay: 2 } }, 'met met met met not told', 2],
  [
    'nothing was well before',
    { outcome: 'no steady state', times: NO_TIMES, runbook: null, decisions: [] },
    'not told not told not told not told met',
    2,
  ],
  [
    'nobody did anything',
    { outcome: 'not recovered', times: { ...NO_TIMES, faultIn: START }, runbook: null, decisions: [] },
    'missed missed missed missed met',
    1,
  ],
  [
    'it was interrupted',
    {
      outcome: 'interrupted',
      times: { ...NO_TIMES, faultIn: START },
      runbook: null,
      decisions: [],
      money: null,
      moneyUnread: 'interrupted',
    },
    'not told not told not told not told not told',
    130,
  ],
  [
    'what it made stayed on the target',
    { teardown: { outcome: 'left', before: { users: 4 }, after: { users: 1 }, durationMs: 5 } },
    'met met met met met',
    4,
  ],
  ['something stayed in', { notUndone: ['payments: nobody listens there'] }, 'met met met met met', 4],
];
for (const [what, changes, states, exitCode] of CASES)
  test(`a game day in which ${what} ends with ${exitCode}`, () => {
    const day = aDay(changes);
    day.aims = aimsOf(day, TARGETS);
    assert.equal(day.aims.map(({ state }) => state).join(' '), states);
    assert.equal(exitCodeOf(GameDay.parse(day)), exitCode);
    const { aims } = gameDayJson(day) as { aims: { observed: number | null; met: boolean }[] };
    assert.ok(
      aims.every(({ observed, met }) => observed !== null || !met),
      'what was not seen is not met',
    );
    assert.ok(
      gameDayLines(day, { width: 120, path: 'gameday.md' })
        .split('\n')
        .every((line) => line.length <= 140),
    );
  });

test('times count from the fault on, and a table says each of them', () => {
  const day = aDay();
  day.aims = aimsOf(day, TARGETS);
  const lines = gameDayLines(day, { width: 120, path: 'reports/gamedays/x/gameday.md' });
  for (const line of [
    /RECOVERED {2}Payment provider, total outage \(payments-down\)/,
    /detected by the team {2}\d\d:\d\d:\d\d +41 s/,
    /recovered +\d\d:\d\d:\d\d +2 min 5 s/,
    /✓ payments +0 breaches +≤ 0 +8 payments; rules out > 31 %/,
  ])
    assert.match(lines, line);
});

test('nothing that came from outside acts on a page or a terminal', () => {
  const evil = '<img src=x onerror=alert(1)>|\u001b[2Jnew\nline';
  const day = aDay({ timeline: [{ atEpochMs: START, kind: 'check', text: evil }], notUndone: [evil], target: evil });
  day.aims = aimsOf(day, TARGETS);
  const page = gameDayMarkdown(day);
  assert.doesNotMatch(page, /<img|\u001b/);
  assert.doesNotMatch(gameDayLines(day, { width: 120, path: 'x' }), /\u001b/);
  const rows = page.split('\n').filter((line) => line.startsWith('|') && line.includes('onerror'));
  assert.equal(rows.length, 1, 'one row stays one row');
  assert.equal(rows[0]?.match(/(?<!\\)\|/g)?.length, 5);
});
