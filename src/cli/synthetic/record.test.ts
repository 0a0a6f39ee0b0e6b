import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../drive/testing.ts';
import type { CheckRound } from '../../model/index.ts';
import { appendRound, makeRoundId, monthFile, newestRound, pruneEvidence } from './record.ts';
import { ScheduleState } from './schedule-state.ts';

const NEW_YEAR = Date.UTC(2026, 0, 1);

function round(startedAtEpochMs: number, target = 'embedded'): CheckRound {
  return {
    v: 1, roundId: `r${startedAtEpochMs}`, target, event: 'ran', dueAtEpochMs: startedAtEpochMs, startedAtEpochMs, endedAtEpochMs: startedAtEpochMs + 1,
    everyMs: 300_000, harnessVersion: '0', commit: null, checks: [], detail: null,
  };
}

test('a round goes into the file of the month, in UTC, in which it began', async (t) => {
  const folder = join(temporaryFolder(t), 'checks');
  await appendRound(folder, round(NEW_YEAR - 1));
  await appendRound(folder, round(NEW_YEAR));
  assert.deepEqual(readdirSync(folder).sort(), ['2025-12.ndjson', '2026-01.ndjson']);
});

test('a line that a power cut has left half is not glued to the next round', async (t) => {
  const folder = temporaryFolder(t);
  await appendRound(folder, round(NEW_YEAR));
  appendFileSync(monthFile(folder, NEW_YEAR), '{"v":1,"roundId":"ha');
  await appendRound(folder, round(NEW_YEAR + 1));
  const lines = readFileSync(monthFile(folder, NEW_YEAR), 'utf8').trim().split('\n');
  assert.equal(lines.length, 3);
  assert.deepEqual(JSON.parse(lines[2] ?? ''), round(NEW_YEAR + 1));
});

test('a round holds nothing private, whatever kept it from running, and is found again by its target\'s address', async (t) => {
  const folder = temporaryFolder(t);
  const target = 'http://93.184.216.34:8080';
  await appendRound(folder, { ...round(NEW_YEAR, target), event: 'refused', detail: `no answer of ${target} for jana@firma.de` });
  const line = readFileSync(monthFile(folder, NEW_YEAR), 'utf8');
  assert.match(line, /no answer of http:\/\/93\.184\.216\.34:8080 for \[masked email\]/);
  assert.equal((await newestRound(folder, (one) => one.target === target))?.event, 'refused');
});

test('the newest round that suits is found, also in the month before, past lines that nobody can read', async (t) => {
  const folder = temporaryFolder(t);
  assert.equal(await newestRound(folder, () => true), null);
  for (const one of [round(NEW_YEAR - 2), round(NEW_YEAR - 1), round(NEW_YEAR, 'https://other')]) await appendRound(folder, one);
  appendFileSync(monthFile(folder, NEW_YEAR), 'no JSON\n{"v":99}\n');
  writeFileSync(join(folder, 'alerts.ndjson'), JSON.stringify(round(0)));
  assert.deepEqual(await newestRound(folder, ({ target }) => target === 'embedded'), round(NEW_YEAR - 1));
  assert.equal(await newestRound(join(folder, 'none'), () => true), null);
});

test('a folder that cannot be written is told with its path', async (t) => {
  const folder = join(temporaryFolder(t), 'file');
  writeFileSync(folder, '');
  await assert.rejects(appendRound(folder, round(NEW_YEAR)), { code: 'J_REPORTS_UNWRITABLE', exitCode: 4 });
});

test('evidence of the newest fifty rounds stays, and nothing else is touched', async (t) => {
  const folder = temporaryFolder(t);
  const ids = Array.from({ length: 53 }, (_, index) => makeRoundId(NEW_YEAR + index * 300_000, () => 0.5));
  for (const name of [...ids, 'allure-results', '2020-precious']) mkdirSync(join(folder, name, 'failures'), { recursive: true });
  await pruneEvidence(folder);
  assert.deepEqual(readdirSync(folder).sort(), [...ids.slice(3), 'allure-results', '2020-precious'].sort());
});

test('a schedule that was killed is taken up at its last due time; one that was ended begins anew', (t) => {
  const folder = temporaryFolder(t);
  const kind = { schedule: 'every 5m', target: 'embedded', journeys: null };
  const { state, afterEpochMs } = ScheduleState.take(folder, kind, 1_000);
  assert.equal(afterEpochMs, 1_000);
  state.held(2_000);
  assert.equal(ScheduleState.take(folder, { ...kind, journeys: ['signup'] }, 9_000).afterEpochMs, 9_000, 'another schedule is nobody\'s heir');
  const [file = ''] = readdirSync(folder).filter((name) => readFileSync(join(folder, name), 'utf8').includes('2000'));
  const left = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { process: object | null };
  // A process id that nobody has any more.
  writeFileSync(join(folder, file), JSON.stringify({ ...left, process: { pid: process.pid, born: '1' } }));
  const heir = ScheduleState.take(folder, kind, 9_000);
  assert.equal(heir.afterEpochMs, 2_000);
  heir.state.end();
  assert.equal(ScheduleState.take(folder, kind, 9_000).afterEpochMs, 9_000);
});
