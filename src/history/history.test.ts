import assert from 'node:assert/strict';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CheckRound } from '../model/index.ts';
import { HISTORY_FILE, openHistory } from './database.ts';
import { keepHistory } from './keep.ts';
import { gateIds, goesBefore, pastChecks, pastGate, pastRun, pastRuns } from './read.ts';
import { readHistory, rebuildHistory, updateHistory } from './update.ts';

const GOLDEN = fileURLToPath(new URL('../golden/run', import.meta.url));
const STARTED_AT = 1_700_000_000_000;

function reportsFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-history-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Changes {
  decision?: string;
  startedAtEpochMs?: number;
  profile?: string;
  url?: string;
  embedded?: boolean;
}

/** Makes a run's folder out of the golden one, with only what the history reads. */
function addRun(reports: string, runId: string, { decision = 'GO', startedAtEpochMs = STARTED_AT, profile = 'smoke', url = 'http://127.0.0.1:4600', embedded = true }: Changes = {}): void {
  mkdirSync(join(reports, runId), { recursive: true });
  const record = JSON.parse(readFileSync(join(GOLDEN, 'record.json'), 'utf8')) as { plan: object; verdict: object };
  const plan = { ...record.plan, runId, startedAtEpochMs, profile, target: { url, embedded } };
  writeFileSync(join(reports, runId, 'plan.json'), JSON.stringify(plan));
  writeFileSync(join(reports, runId, 'record.json'), JSON.stringify({ ...record, plan, verdict: { ...record.verdict, decision } }));
}

function round(roundId: string, startedAtEpochMs: number, status: 'up' | 'down' | 'flaky'): CheckRound {
  const attempt = (outcome: 'passed' | 'failed'): CheckRound['checks'][number]['attempts'][number] => ({
    startedAtEpochMs, durationMs: 900, outcome, errorCode: outcome === 'passed' ? null : 'J_STEP_TIMEOUT', message: null, steps: [], screenshot: null, trace: null,
  });
  const attempts = { up: [attempt('passed')], flaky: [attempt('failed'), attempt('passed')], down: [attempt('failed'), attempt('failed')] }[status];
  return {
    v: 1, roundId, target: 'http://127.0.0.1:4600', event: 'ran', dueAtEpochMs: null, startedAtEpochMs, endedAtEpochMs: startedAtEpochMs + 1_000,
    everyMs: null, harnessVersion: '0.1.0', commit: null, checks: [{ journey: 'signup', status, attempts }], detail: null,
  };
}

function addRound(reports: string, one: CheckRound, end = '\n'): void {
  mkdirSync(join(reports, 'checks'), { recursive: true });
  appendFileSync(join(reports, 'checks/2023-11.ndjson'), `${JSON.stringify(one)}${end}`);
}

function withHistory<T>(reports: string, ask: (database: DatabaseSync) => T): T {
  const database = openHistory(reports);
  try {
    return ask(database);
  } finally {
    database.close();
  }
}

test('runs and checks find their way into the history as they stand in their files', (context) => {
  const reports = reportsFolder(context);
  addRun(reports, 'first', { decision: 'NO-GO' });
  addRun(reports, 'second', { startedAtEpochMs: STARTED_AT + 1 });
  for (const [index, status] of (['up', 'flaky', 'down'] as const).entries()) addRound(reports, round(`r${index}`, STARTED_AT + index, status));
  assert.equal(keepHistory(reports), null);
  withHistory(reports, (history) => {
    assert.deepEqual(pastRuns(history, { last: 10 }).map(({ runId, decision, passed, failed }) => [runId, decision, passed > 0, failed > 0]), [
      ['second', 'GO', true, true], ['first', 'NO-GO', true, true],
    ]);
    assert.equal(pastRun(history, 'first')?.machine?.includes('×'), true);
    const [gate, ...others] = pastGate(history, 'landing-page', { last: 10 });
    assert.deepEqual([gate?.status, gate?.observed, gate?.low !== null, others.length], ['pass', 142.7, true, 1]);
    assert.ok(gateIds(history).includes('lcp'));
    const checks = pastChecks(history, STARTED_AT);
    assert.deepEqual(checks.rounds, { ran: 3 });
    assert.deepEqual(checks.journeys.map((one) => ({ ...one })), [
      { journey: 'signup', up: 1, flaky: 1, down: 1, unknown: 0, lastDownAtEpochMs: STARTED_AT + 2, lastError: 'J_STEP_TIMEOUT' },
    ]);
  });
});

test('only what is new or changed is read again; a judged run replaces what was known of it', (context) => {
  const reports = reportsFolder(context);
  addRun(reports, 'one', { decision: 'NO-GO' });
  withHistory(reports, (history) => {
    assert.equal(updateHistory(reports, history).runs, 1);
    assert.equal(updateHistory(reports, history).runs, 0);
    addRun(reports, 'one', { decision: 'GO' });
    utimesSync(join(reports, 'one/record.json'), 1, 2);
    assert.equal(updateHistory(reports, history).runs, 1);
    assert.deepEqual(pastRuns(history, { last: 10 }).map(({ decision }) => decision), ['GO']);
  });
});

test('a round that is still being written is left for the next time', (context) => {
  const reports = reportsFolder(context);
  addRound(reports, round('whole', STARTED_AT, 'up'));
  addRound(reports, round('torn', STARTED_AT, 'up'), '');
  withHistory(reports, (history) => {
    assert.equal(updateHistory(reports, history).rounds, 1);
    appendFileSync(join(reports, 'checks/2023-11.ndjson'), '\nno round\n');
    assert.deepEqual(updateHistory(reports, history), { runs: 0, rounds: 1, unreadable: ['checks/2023-11.ndjson: 1 lines'], left: 0 });
  });
});

test('a run that was never judged, and one whose record is torn, are there with what is known of them', (context) => {
  const reports = reportsFolder(context);
  for (const name of ['killed', 'torn']) addRun(reports, name);
  rmSync(join(reports, 'killed/record.json'));
  writeFileSync(join(reports, 'torn/record.json'), '{"plan":');
  mkdirSync(join(reports, 'no-run'));
  withHistory(reports, (history) => {
    const { unreadable } = updateHistory(reports, history);
    assert.equal(unreadable.length, 1);
    assert.match(unreadable[0] ?? '', /^torn\/record\.json: /);
    assert.deepEqual(pastRuns(history, { last: 10 }).map(({ runId, decision, reason }) => [runId, decision, reason]), [
      ['torn', null, 'its record cannot be read'], ['killed', null, 'never judged'],
    ]);
    assert.deepEqual(updateHistory(reports, history).unreadable, []);
  });
});

test('the last GO is of the same profile and target, before the run; the bundled platform is one target whatever its port', (context) => {
  const reports = reportsFolder(context);
  addRun(reports, 'old', { startedAtEpochMs: 1, url: 'http://127.0.0.1:1' });
  addRun(reports, 'good', { startedAtEpochMs: 2, url: 'http://127.0.0.1:2' });
  addRun(reports, 'bad', { startedAtEpochMs: 3, decision: 'NO-GO' });
  addRun(reports, 'load', { startedAtEpochMs: 4, profile: 'load' });
  addRun(reports, 'staging', { startedAtEpochMs: 5, url: 'https://staging.example.com', embedded: false });
  addRun(reports, 'later', { startedAtEpochMs: 9 });
  withHistory(reports, (history) => {
    updateHistory(reports, history);
    const before = { runId: 'now', startedAtEpochMs: 6, profile: 'smoke', target: 'http://127.0.0.1:3', embedded: true };
    assert.deepEqual(goesBefore(history, before).map(({ runId }) => runId), ['good', 'old']);
    assert.deepEqual(goesBefore(history, { ...before, target: 'https://staging.example.com', embedded: false }).map(({ runId }) => runId), ['staging']);
  });
});

test('a history that another command holds delays nobody and loses nothing: the next one catches up', (context) => {
  const reports = reportsFolder(context);
  addRun(reports, 'one');
  const other = openHistory(reports);
  context.after(() => other.close());
  other.exec('BEGIN EXCLUSIVE');
  const startedMs = performance.now();
  assert.match(keepHistory(reports, 50) ?? '', /in use by another command.*nothing is lost/);
  assert.ok(performance.now() - startedMs < 30_000);
  const { database, fault } = readHistory(reports, 50);
  assert.match(fault ?? '', /in use/);
  assert.deepEqual(pastRuns(database, { last: 5 }).map(({ runId }) => runId), ['one']);
  database.close();
  other.exec('ROLLBACK');
  assert.equal(keepHistory(reports), null);
  withHistory(reports, (history) => assert.equal(pastRuns(history, { last: 5 }).length, 1));
});

const GARBAGE: [name: string, spoil: (path: string) => void][] = [
  ['is no database', (path) => writeFileSync(path, 'no database at all, but long enough to look like one'.repeat(100))],
  ['has broken pages', (path) => {
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4_096, bytes.length);
    writeFileSync(path, bytes);
  }],
  ['is of another version', (path) => {
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 999');
    database.close();
  }],
];

for (const [name, spoil] of GARBAGE) {
  test(`a history that ${name} takes no run with it: it is read from the files, and built anew`, (context) => {
    const reports = reportsFolder(context);
    addRun(reports, 'one');
    addRound(reports, round('r', STARTED_AT, 'up'));
    assert.equal(keepHistory(reports), null);
    spoil(join(reports, HISTORY_FILE));
    writeFileSync(join(reports, `${HISTORY_FILE}-journal`), 'left behind');
    addRun(reports, 'two', { startedAtEpochMs: STARTED_AT + 1 });
    assert.match(keepHistory(reports) ?? '', /npm run history -- rebuild/);
    const { database } = readHistory(reports);
    assert.equal(pastRuns(database, { last: 5 }).length, 2);
    database.close();
    assert.deepEqual(rebuildHistory(reports), { runs: 2, rounds: 1, unreadable: [], left: 0 });
    assert.ok(existsSync(join(reports, 'history.broken.sqlite')));
    withHistory(reports, (history) => {
      assert.deepEqual(pastRuns(history, { last: 5 }).map(({ runId }) => runId), ['two', 'one']);
      assert.equal(pastChecks(history, 0).journeys.length, 1);
    });
  });
}

test('a rebuilt history is the one that grew, and keeps runs whose folders are gone', (context) => {
  const reports = reportsFolder(context);
  addRun(reports, 'gone', { startedAtEpochMs: 1 });
  addRun(reports, 'here', { startedAtEpochMs: 2 });
  addRound(reports, round('r', STARTED_AT, 'down'));
  keepHistory(reports);
  rmSync(join(reports, 'gone'), { recursive: true });
  const everything = (): unknown => withHistory(reports, (history) =>
    ['runs', 'gates', 'findings', 'rounds', 'checks'].map((table) => history.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all()));
  const before = everything();
  assert.equal(rebuildHistory(reports).runs, 1);
  assert.deepEqual(everything(), before);
});

test('a folder that cannot be written has a history all the same, in memory', (context) => {
  const reports = reportsFolder(context);
  addRun(reports, 'one');
  mkdirSync(join(reports, HISTORY_FILE));
  assert.match(keepHistory(reports) ?? '', /not to be used/);
  const { database, fault } = readHistory(reports);
  assert.match(fault ?? '', /not to be used/);
  assert.equal(pastRuns(database, { last: 5 }).length, 1);
  database.close();
});

test('an update that would take too long leaves the rest for the next one, newest runs first', (context) => {
  const reports = reportsFolder(context);
  for (const name of ['a', 'b', 'c']) cpSync(GOLDEN, join(reports, name), { recursive: true });
  withHistory(reports, (history) => {
    assert.deepEqual(updateHistory(reports, history, { limitMs: -1 }), { runs: 0, rounds: 0, unreadable: [], left: 3 });
    assert.deepEqual(updateHistory(reports, history), { runs: 3, rounds: 0, unreadable: [], left: 0 });
  });
});

test('a long backlog of checks is caught up with piece by piece: no run waits for the whole of it', (context) => {
  const reports = reportsFolder(context);
  addRun(reports, 'one');
  const detail = 'x'.repeat(600_000);
  for (const id of ['r1', 'r2', 'r3', 'r4']) addRound(reports, { ...round(id, STARTED_AT, 'up'), detail });
  withHistory(reports, (history) => {
    const first = updateHistory(reports, history, { limitMs: -1 });
    assert.ok(first.rounds > 0 && first.rounds < 4 && first.left === 1, JSON.stringify(first));
    const rest = updateHistory(reports, history);
    assert.deepEqual([first.rounds + rest.rounds, rest.runs, rest.left], [4, 1, 0]);
    assert.equal(pastChecks(history, STARTED_AT).journeys[0]?.up, 4);
  });
});

test('a record of a newer harness, with fields beside those that are known, is in the history; so are runs beside a loop of links', (context) => {
  const reports = reportsFolder(context);
  addRun(reports, 'newer');
  const path = join(reports, 'newer/record.json');
  const record = JSON.parse(readFileSync(path, 'utf8')) as { verdict: { gates: Record<string, object>[] }; findings: Record<string, object>[] };
  const more = (one: Record<string, object>): object => ({ ...one, added: 1, ...(one['interval'] ? { interval: { ...one['interval'], added: 1 } } : {}) });
  record.verdict.gates = record.verdict.gates.map((gate) => more({ ...gate, limit: { ...gate['limit'], added: 1 } })) as Record<string, object>[];
  record.findings = record.findings.map(more) as Record<string, object>[];
  writeFileSync(path, JSON.stringify(record));
  mkdirSync(join(reports, 'looped'));
  symlinkSync('record.json', join(reports, 'looped/record.json'));
  withHistory(reports, (history) => {
    assert.deepEqual(updateHistory(reports, history), { runs: 1, rounds: 0, unreadable: [], left: 0 });
    assert.ok((pastRun(history, 'newer')?.passed ?? 0) > 0);
  });
});
