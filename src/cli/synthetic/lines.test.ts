import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../drive/testing.ts';
import type { Check, CheckAttempt, CheckRound } from '../../model/index.ts';
import { writeAllure } from './allure.ts';
import { checkLines, roundLine, roundMarkdown, worstOf } from './lines.ts';

const STYLE = { color: false, width: 120, reportsPath: 'reports' };

function go(changes: Partial<CheckAttempt> = {}): CheckAttempt {
  return {
    startedAtEpochMs: 1_000, durationMs: 1_234.5, outcome: 'passed', errorCode: null, message: null,
    steps: [{ name: 'open', perceivedMs: 20, outcome: 'passed' }, { name: 'pay', perceivedMs: 85.4, outcome: 'passed' }],
    screenshot: null, trace: null, ...changes,
  };
}
const late = go({
  outcome: 'timeout', errorCode: 'J_STEP_TIMEOUT', message: 'not visible', screenshot: 'checks/r/failures/a.jpg',
  steps: [{ name: 'open', perceivedMs: 20, outcome: 'passed' }, { name: 'pay', perceivedMs: null, outcome: 'timeout' }],
});
const UP: Check = { journey: 'checkout', status: 'up', attempts: [go()] };
const FLAKY: Check = { journey: 'signup', status: 'flaky', attempts: [late, go()] };
const DOWN: Check = { journey: 'search', status: 'down', attempts: [late, late] };
const UNKNOWN: Check = { journey: 'agent task', status: 'unknown', attempts: [] };

function round(checks: Check[]): CheckRound {
  return {
    v: 1, roundId: 'r', target: 'https://x.example', event: 'ran', dueAtEpochMs: null, startedAtEpochMs: 0, endedAtEpochMs: 61_000, everyMs: null,
    harnessVersion: '0', commit: null, checks, detail: null,
  };
}

test('a check is a line; a failure says each go once, and where its evidence is', () => {
  assert.equal(checkLines(UP, STYLE), ' ✓ up      checkout                      1.2 s · 2 steps, slowest 85 ms (pay)');
  const [flaky, evidence] = checkLines(FLAKY, STYLE).split('\n');
  assert.equal(flaky, ' ~ flaky   signup                        go 1: pay: J_STEP_TIMEOUT not visible · go 2: passed');
  assert.equal(evidence, '             reports/checks/r/failures/a.jpg');
  assert.match(checkLines(DOWN, STYLE), /^ ✗ down {4}search +2 times: pay: J_STEP_TIMEOUT not visible\n/);
  assert.match(checkLines(UNKNOWN, STYLE), /not tried/);
});

test('the round is a line: what it came to, of what, and when the next is due', () => {
  assert.equal(
    roundLine(round([UP, FLAKY, DOWN, UNKNOWN]), { ...STYLE, timeZone: 'Asia/Tokyo' }, Date.UTC(2026, 0, 1, 3)),
    ' DOWN  1 of 4 journeys up, 1 flaky, 1 down, 1 unknown · https://x.example · 1 min 1 s · next 12:00:00',
  );
  assert.equal(roundLine(round([UP]), STYLE, null), ' UP  1 of 1 journey up · https://x.example · 1 min 1 s');
});

test('a fault of the target counts before one of the checker, and no check at all is not "up"', () => {
  assert.equal(worstOf([UP, UNKNOWN, DOWN]), 'down');
  assert.equal(worstOf([UP, UNKNOWN, FLAKY]), 'unknown');
  assert.equal(worstOf([UP, FLAKY]), 'flaky');
  assert.equal(worstOf([]), 'unknown');
});

test('names and messages from outside show as text, on the terminal and in the step summary', () => {
  const hostile = '\u001b[32mUP\u001b[0m\n::error::x\u202e <img src=x onerror=alert(1)> | `a` @b';
  const check: Check = { journey: hostile, status: 'down', attempts: [go({ outcome: 'failed', errorCode: null, message: hostile, screenshot: hostile })] };
  const line = checkLines(check, STYLE);
  assert.doesNotMatch(line, /\u001b|\u202e/);
  assert.equal(line.split('\n').length, 2);
  assert.doesNotMatch(line, /^::/m);
  const markdown = roundMarkdown(round([check, UP]));
  assert.doesNotMatch(markdown, /<img|\u001b|\u202e|`a`|@b/);
  assert.doesNotMatch(markdown, /checkout/, 'what is up needs no row');
});

test('Allure gets a go a result, the failed ones as retries, and only the newest round of each journey', async (t) => {
  const folder = join(temporaryFolder(t), 'checks');
  const own = go({ outcome: 'failed', errorCode: 'J_CHECKER_FAULT', message: 'no browser', steps: [] });
  type Result = Record<'name' | 'status' | 'historyId' | 'uuid', string>;
  const results = (): Result[] => readdirSync(join(folder, 'allure-results')).filter((file) => file.endsWith('-result.json'))
    .map((file) => JSON.parse(readFileSync(join(folder, 'allure-results', file), 'utf8')) as Result);
  const told = (): string[] => results().map(({ name, status }) => `${name} ${status}`).sort();

  await writeAllure(folder, round([UP, FLAKY, DOWN, UNKNOWN, { journey: 'sync', status: 'unknown', attempts: [own] }]), true);
  assert.deepEqual(told(), ['agent task skipped', 'checkout passed', 'search failed', 'search failed', 'signup failed', 'signup passed', 'sync broken']);
  const signup = results().filter(({ name }) => name === 'signup');
  assert.equal(new Set(signup.map(({ historyId }) => historyId)).size, 1);
  assert.equal(new Set(signup.map(({ uuid }) => uuid)).size, 2);

  await writeAllure(folder, round([{ ...FLAKY, status: 'up', attempts: [go()] }]), false);
  assert.deepEqual(told().filter((one) => one.startsWith('signup')), ['signup passed']);
  assert.ok(told().includes('checkout passed'), 'journeys of other rounds stay');
  assert.deepEqual(results().filter(({ name }) => name === 'signup')[0]?.historyId, signup[0]?.historyId);

  await writeAllure(folder, round([UP]), true);
  assert.deepEqual(told(), ['checkout passed']);
});
