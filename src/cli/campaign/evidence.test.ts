import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../drive/testing.ts';
import { GAME_DAY_VERSION, NO_TIMES, type GameDay } from '../../model/game-day.ts';
import { newestGameDay } from './evidence.ts';

function aDay(id: string, changes: Partial<GameDay>): GameDay {
  return {
    version: GAME_DAY_VERSION,
    id,
    team: 'people',
    target: 'embedded',
    harnessVersion: '1',
    commit: null,
    seed: 1,
    overrides: [],
    startedAtEpochMs: 2_000,
    endedAtEpochMs: 3_000,
    outcome: 'recovered',
    drill: null,
    times: NO_TIMES,
    falseAlarms: 0,
    runbook: null,
    decisions: [],
    timeline: [],
    rounds: 1,
    money: null,
    moneyUnread: null,
    teardown: null,
    aims: [],
    notUndone: [],
    ...changes,
  };
}

test('of game days, the newest counts that people held to its end since the campaign began', (t) => {
  const reports = temporaryFolder(t);
  assert.equal(newestGameDay(reports, 0), null);
  const days: [name: string, content: object | string][] = [
    ['1-before', aDay('1-before', { startedAtEpochMs: 999 })],
    ['2-held', aDay('2-held', {})],
    ['3-missed', aDay('3-missed', { outcome: 'not recovered' })],
    ['4-practice', aDay('4-practice', { team: 'practice' })],
    ['5-answers', aDay('5-answers', { team: 'answers' })],
    ['6-interrupted', aDay('6-interrupted', { outcome: 'interrupted' })],
    ['7-killed', aDay('7-killed', { outcome: 'under way' })],
    ['8-broken', '{'],
    ['8-quiet', aDay('8-quiet', { outcome: 'no steady state' })],
    ['9-other', { version: 99 }],
  ];
  for (const [name, content] of days) {
    mkdirSync(join(reports, 'gamedays', name), { recursive: true });
    writeFileSync(
      join(reports, 'gamedays', name, 'gameday.json'),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  assert.equal(newestGameDay(reports, 1_000)?.id, '3-missed', 'one that was missed counts, too');
  assert.equal(newestGameDay(reports, 2_001), null);
});
