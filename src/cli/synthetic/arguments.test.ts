import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodedError } from '../../errors.ts';
import { readArguments } from './arguments.ts';

test('without options: every journey once, by hand, with one retry', () => {
  assert.deepEqual(readArguments([]), { journeys: null, plan: { kind: 'by hand' }, jitterMs: null, retries: 1, json: false });
});

test('every option is read', () => {
  assert.deepEqual(readArguments(['--journeys', ' signup, agent task ,signup', '--every', '5m', '--jitter', '20s', '--retries', '0', '--json']), {
    journeys: ['signup', 'agent task'], plan: { kind: 'every', everyMs: 300_000, words: '5m' }, jitterMs: 20_000, retries: 0, json: true,
  });
  assert.deepEqual(readArguments(['--cron', '0 9 * * 1-5', '--tz', 'Europe/Berlin'])?.plan, { kind: 'cron', pattern: '0 9 * * 1-5', timeZone: 'Europe/Berlin' });
  assert.deepEqual(readArguments(['--every', '1h', '--once'])?.plan, { kind: 'once', everyMs: 3_600_000 });
  assert.equal(readArguments(['-h']), null);
});

const WRONG: [args: string[], says: RegExp][] = [
  [['signup'], /positional/i],
  [['--evry', '5m'], /--evry/],
  [['--every', '5m', '--cron', '* * * * *'], /do not go together/],
  [['--every', 'often'], /"often"/],
  [['--every', '1s'], /from 10s/],
  [['--every', '8d'], /to 7 days/],
  [['--every', '-5m'], /argument|"-5m"/],
  [['--once'], /--once goes with --every/],
  [['--once', '--cron', '* * * * *'], /--once goes with --every/],
  [['--tz', 'Europe/Berlin'], /--tz goes with --cron/],
  [['--jitter', '5s'], /--jitter goes with/],
  [['--every', '5m', '--once', '--jitter', '5s'], /--jitter goes with/],
  [['--journeys', ' , '], /wants names/],
  [['--retries', '6'], /0 to 5/],
  [['--retries', '1.5'], /0 to 5/],
];
for (const [args, says] of WRONG) {
  test(`refused: ${args.join(' ')}`, () => assert.throws(() => readArguments(args), (error: CodedError) => {
    assert.equal(error.code, 'J_USAGE');
    assert.match(error.faults[0]?.message ?? '', says);
    return true;
  }));
}
