import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { journeyOf } from '../golden/samples.ts';
import { Observation } from '../model/index.ts';
import { MemoryRecorder, Recorder } from './recorder.ts';

const noLoss = (error: Error): void => assert.fail(error);

function file(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'recorder-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'observations.ndjson');
}

const linesOf = (path: string): Observation[] =>
  readFileSync(path, 'utf8').split('\n').filter(Boolean).map((line) => Observation.parse(JSON.parse(line)));

test('each observation is one line that reads back as it was', (t) => {
  const path = file(t);
  const recorder = new Recorder(path, noLoss);
  const given = [journeyOf({ vu: 'a' }), journeyOf({ vu: 'b', outcome: 'failed', message: 'two\nlines and "quotes"' })];
  for (const one of given) recorder.record(one);
  recorder.close();
  assert.deepEqual(linesOf(path), given);
  assert.equal(recorder.written, 2);
});

test('what waits is written by itself, without a flush or a close', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const path = file(t);
  const recorder = new Recorder(path, noLoss);
  recorder.record(journeyOf({}));
  assert.equal(readFileSync(path, 'utf8'), '');
  t.mock.timers.tick(500);
  assert.equal(linesOf(path).length, 1);
  recorder.close();
});

test('a second recorder on the same file appends', (t) => {
  const path = file(t);
  for (const vu of ['a', 'b']) {
    const recorder = new Recorder(path, noLoss);
    recorder.record(journeyOf({ vu }));
    recorder.close();
  }
  assert.deepEqual(linesOf(path).map((one) => one.vu), ['a', 'b']);
});

test('what comes after close is not recorded, and a second close is nothing', (t) => {
  const path = file(t);
  const recorder = new Recorder(path, noLoss);
  recorder.close();
  recorder.record(journeyOf({}));
  recorder.flush();
  recorder.close();
  assert.equal(readFileSync(path, 'utf8'), '');
});

test('a full disk is told once, and nothing after it counts as written', { skip: !existsSync('/dev/full') }, () => {
  const losses: string[] = [];
  const recorder = new Recorder('/dev/full', (error) => losses.push((error as NodeJS.ErrnoException).code ?? ''));
  for (let i = 0; i < 3; i += 1) {
    recorder.record(journeyOf({}));
    recorder.flush();
  }
  recorder.close();
  assert.deepEqual(losses, ['ENOSPC']);
  assert.equal(recorder.written, 0);
});

test('a folder that is not there is an error at once, before the first arrival', () => {
  assert.throws(() => new Recorder('/nowhere/observations.ndjson', noLoss), { code: 'ENOENT' });
});

test('the one in memory keeps everything in order', () => {
  const recorder = new MemoryRecorder();
  recorder.record(journeyOf({ vu: 'a' }));
  recorder.record(journeyOf({ vu: 'b' }));
  assert.deepEqual(recorder.observations.map((one) => one.vu), ['a', 'b']);
});

test('what a page or a program said that is private is not written', (t) => {
  const path = file(t);
  const recorder = new Recorder(path, noLoss);
  recorder.record(journeyOf({ vu: 'a', outcome: 'failed', message: 'no answer for jana@firma.de from 93.184.216.34' }));
  recorder.close();
  assert.equal(linesOf(path).map((one) => (one.kind === 'journey' ? one.message : '')).join(), 'no answer for [masked email] from [masked ip]');
});
