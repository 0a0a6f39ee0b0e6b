import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GameDay } from '../../model/game-day.ts';
import { aimsOf, exitCodeOf } from './aims.ts';
import { playInWorld, scriptedTeam } from './testing.ts';

const ROLL_BACK = { kind: 'roll-back' } as const;
const WAIT = { kind: 'wait' } as const;
const FAIL_OVER = { kind: 'fail-over', flag: 'payment-fallback', enabled: false } as const;
const TIMEOUT = { timeout: 20_000 };

test(
  'a team that sees the alert and rolls back has all its times, in order, and everything is out',
  TIMEOUT,
  async (t) => {
    const {
      outcome,
      record: { day },
      deeds,
      told,
    } = await playInWorld(t, scriptedTeam({ decisions: [ROLL_BACK] }));
    assert.equal(outcome, 'recovered');
    assert.deepEqual(deeds, ['break', 'take out']);
    const { faultIn, firstFailingCheck, alert, detected, runbook, decision, rollback, recovered } = day.times;
    const times = [faultIn, alert, detected, runbook, decision, rollback, recovered];
    assert.ok(
      times.every((time) => time !== null),
      JSON.stringify(day.times),
    );
    assert.deepEqual(
      times,
      times.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
    );
    assert.equal(firstFailingCheck, alert);
    assert.equal(day.runbook, 'payment-provider');
    assert.equal(day.decisions[0]?.doneAtEpochMs, rollback);
    assert.match(told.join('\n'), /PAGE · escrow checkout is down: no receipt → ops\/runbooks\/error-budget\.md/);
    assert.doesNotMatch(told.join('\n'), /payments: nothing comes through/, 'nobody is told what broke');
  },
);

test(
  'what helps is waited for: a team that waits first is asked again, and what it did in the end is what helped',
  TIMEOUT,
  async (t) => {
    const {
      outcome,
      record: { day },
    } = await playInWorld(t, scriptedTeam({ decisions: [WAIT, ROLL_BACK] }));
    assert.equal(outcome, 'recovered');
    assert.deepEqual(
      day.decisions.map(({ decision }) => decision.kind),
      ['wait', 'roll-back'],
    );
    assert.equal(day.times.decision, day.decisions[0]?.atEpochMs, 'the first decision counts');
    assert.equal(day.times.rollback, day.decisions[1]?.doneAtEpochMs);
    assert.ok((day.times.rollback ?? 0) - (day.times.decision ?? 0) >= 40_000, 'after four rounds');
  },
);

test(
  'short rounds make nobody less patient: what was done has its time to help before the team is asked again',
  TIMEOUT,
  async (t) => {
    const {
      record: {
        day: { times },
      },
    } = await playInWorld(t, scriptedTeam({ decisions: [WAIT, ROLL_BACK] }), (world) => {
      world.roundMs = 1_000;
    });
    assert.ok((times.rollback ?? 0) - (times.decision ?? 0) >= 15_000);
  },
);

test(
  'failing over recovers although the breaker of what is passed by stays open; it is taken out afterwards',
  TIMEOUT,
  async (t) => {
    const {
      outcome,
      record: { day },
      deeds,
    } = await playInWorld(t, scriptedTeam({ decisions: [FAIL_OVER] }));
    assert.equal(outcome, 'recovered');
    assert.deepEqual(deeds, ['break', 'payment-fallback off', 'take out']);
    assert.notEqual(day.times.rollback, null);
  },
);

test('what could not be done is told, and the team is asked again', TIMEOUT, async (t) => {
  const {
    outcome,
    record: { day },
    told,
  } = await playInWorld(t, scriptedTeam({ decisions: [{ ...FAIL_OVER, flag: 'no-such' }, ROLL_BACK] }));
  assert.equal(outcome, 'recovered');
  assert.deepEqual(
    day.decisions.map(({ doneAtEpochMs }) => doneAtEpochMs !== null),
    [false, true],
  );
  assert.match(told.join('\n'), /could not be done: fail-over no-such off: there is no flag "no-such"/);
});

test('seeing something before there is anything is a false alarm, and no detection', TIMEOUT, async (t) => {
  const {
    outcome,
    record: { day },
  } = await playInWorld(t, scriptedTeam({ notices: ['at once', 'at once', 'alerted'], decisions: [ROLL_BACK] }));
  assert.equal(outcome, 'recovered');
  assert.equal(day.falseAlarms, 2);
  assert.ok((day.times.detected ?? 0) >= (day.times.faultIn ?? Infinity));
});

const NEVER: [what: string, team: Parameters<typeof scriptedTeam>[0], reached: string[]][] = [
  ['sees nothing', { notices: ['never'], decisions: [] }, []],
  ['finds no runbook', { page: null, decisions: [] }, ['detected']],
  ['decides nothing', { decisions: [] }, ['detected', 'runbook']],
  ['gives up', { decisions: ['give up'] }, ['detected', 'runbook']],
  ['only waits', { decisions: [WAIT] }, ['detected', 'runbook', 'decision']],
];
for (const [what, script, reached] of NEVER)
  test(`a team that ${what} ends with the fault out, and with its aims missed`, TIMEOUT, async (t) => {
    const {
      outcome,
      record: { day },
      deeds,
    } = await playInWorld(t, scriptedTeam(script));
    assert.equal(outcome, 'not recovered');
    assert.deepEqual(deeds, ['break', 'take out']);
    assert.deepEqual(
      (['detected', 'runbook', 'decision'] as const).filter((point) => day.times[point] !== null),
      reached,
    );
    assert.notEqual(day.times.alert, null, 'the alert came all the same');
    day.outcome = outcome;
    const aims = aimsOf(day, { detectionMs: 300_000, decisionMs: 600_000, recoveryMs: 900_000 });
    assert.equal(aims.find(({ id }) => id === 'recovery')?.state, 'missed');
    assert.equal(exitCodeOf({ ...day, aims }), 1);
  });

test('with something wrong before, nothing is broken at all', TIMEOUT, async (t) => {
  const {
    outcome,
    deeds,
    record: { day },
  } = await playInWorld(t, scriptedTeam({ decisions: [ROLL_BACK] }), (world) => {
    world.illAnyway = true;
  });
  assert.equal(outcome, 'no steady state');
  assert.deepEqual(deeds, []);
  day.outcome = outcome;
  assert.equal(
    exitCodeOf({ ...day, aims: aimsOf(day, { detectionMs: 1, decisionMs: 1, recoveryMs: 1 }) }),
    2,
    'which says nothing of the team',
  );
});

test('whenever it is interrupted, it ends, and everything is out', TIMEOUT, async (t) => {
  for (let at = 1; at <= 12; at += 1) {
    const {
      outcome,
      broken,
      record: { day },
    } = await playInWorld(t, scriptedTeam({ decisions: [WAIT, ROLL_BACK] }), (world) => {
      world.eachRound = (round) => {
        if (round === at) world.ending.abort();
      };
    });
    assert.equal(outcome, 'interrupted', `in round ${at}`);
    assert.equal(broken, false);
    assert.equal(exitCodeOf({ ...day, outcome }), 130);
  }
});

test('what cannot be broken, or not be taken out again, is told as that', TIMEOUT, async (t) => {
  let deeds: string[] = [];
  const unbreakable = playInWorld(t, scriptedTeam({ decisions: [] }), (world, options) => {
    deeds = world.deeds;
    const takeOut = async (): Promise<string[]> => {
      deeds.push('take out');
      return [];
    };
    options.hand = { ...options.hand, breakIt: () => Promise.reject(new Error('the proxy is gone')), takeOut };
  });
  await assert.rejects(unbreakable, /the proxy is gone/);
  assert.deepEqual(deeds, ['take out'], 'it may have been broken all the same');
  const stuck = await playInWorld(t, scriptedTeam({ decisions: ['give up'] }), (_, options) => {
    options.hand = { ...options.hand, takeOut: async () => ['payments: nobody listens there'] };
  });
  assert.deepEqual(stuck.record.day.notUndone, ['payments: nobody listens there']);
  assert.equal(exitCodeOf({ ...stuck.record.day, outcome: stuck.outcome }), 4);
});

test('the record is on disk at each turning point, without what is private', TIMEOUT, async (t) => {
  const { record } = await playInWorld(t, scriptedTeam({ decisions: [ROLL_BACK] }), (world) => {
    world.eachRound = (round) => {
      if (round === 1) world.record.note('team', 'call +1 415 867 5309 or ada@lovelace.org \u001b[31m<b>');
    };
  });
  const said = readFileSync(record.path, 'utf8');
  assert.doesNotMatch(said, /lovelace\.org|\\u001b/);
  assert.equal(GameDay.parse(JSON.parse(said)).times.recovered, record.day.times.recovered);
});
