import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Team } from './team.ts';
import { terminalTeam } from './terminal.ts';

const WHEN = { alerted: new Promise<void>(() => {}), faultIn: new Promise<void>(() => {}) };
const TIMEOUT = { timeout: 10_000 };

interface AtTerminal {
  team: Team;
  told: string[];
  type: (line: string) => void;
  input: PassThrough;
  gone: Promise<void>;
}

function atTerminal(): AtTerminal {
  const input = new PassThrough();
  const told: string[] = [];
  const gone = Promise.withResolvers<void>();
  const team = terminalTeam({
    input,
    say: (text) => told.push(text),
    width: 80,
    standing: () => '3 of 4 journeys up',
    onGone: () => gone.resolve(),
  });
  return { team, told, input, gone: gone.promise, type: (line) => void input.write(`${line}\n`) };
}

test('a plain Enter says that something is wrong; s shows what the checks see, and says nothing', TIMEOUT, async () => {
  const { team, told, type } = atTerminal();
  const signal = new AbortController().signal;
  const noticed = team.notice(WHEN, signal);
  type('s');
  type('');
  assert.equal(await noticed, true);
  assert.equal(told.filter((text) => text === '3 of 4 journeys up').length, 1);
  team.close();
});

test(
  'a page is chosen by number or name; another answer is asked for again, with what was meant',
  TIMEOUT,
  async () => {
    const { team, told, type } = atTerminal();
    const { signal } = new AbortController();
    const pages = ['model-provider', 'payment-provider'];
    const byNumber = team.runbook(pages, signal);
    for (const line of ['3', 'payment-providr', '\u001b[2J', '0', '2']) type(line);
    assert.equal(await byNumber, 'payment-provider');
    assert.match(told.join('\n'), /did you mean "payment-provider"/);
    assert.doesNotMatch(told.join('\n'), /\u001b/);
    const byName = team.runbook(pages, signal);
    type(' Model-Provider ');
    assert.equal(await byName, 'model-provider');
    team.close();
  },
);

test('a decision is one of those there are, for a flag that there is', TIMEOUT, async () => {
  const { team, told, type } = atTerminal();
  const { signal } = new AbortController();
  const flags = [{ name: 'replica-reads', enabled: true }];
  const decided = team.decide(flags, false, signal);
  for (const line of [
    'reboot',
    'fail-over',
    'fail-over replica-read off',
    'fail-over replica-reads maybe',
    'Fail-Over  replica-reads  OFF',
  ])
    type(line);
  assert.deepEqual(await decided, { kind: 'fail-over', flag: 'replica-reads', enabled: false });
  assert.match(told.join('\n'), /did you mean "replica-reads"/);
  const given = team.decide([], true, signal);
  type('give up');
  assert.equal(await given, 'give up');
  team.close();
});

test('a question that is no longer asked takes no answer; the end of the input is told', TIMEOUT, async () => {
  const { team, input, type, gone } = atTerminal();
  const asking = new AbortController();
  const decided = team.decide([], false, asking.signal);
  asking.abort();
  assert.equal(await decided, null);
  type('roll-back');
  input.end();
  await gone;
});
