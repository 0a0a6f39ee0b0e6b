import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CodedError } from '../errors.ts';
import { REPLAY_JOURNEY, type Phase, type TrafficHeader, type TrafficRow } from '../model/index.ts';
import { ReplayConfig, buildReplay, replayFaults, withReplayed } from './replay.ts';
import { readTraffic } from './replay-traffic.ts';

const HEADER: TrafficHeader = { traffic: 1, source: 'combined', kept: ['/find/:slug'], requests: 3, durationMs: 60_000, skipped: {} };
const ROW: TrafficRow = { t: 0, p: '/find/a', c: 'x', k: 'crawler', u: 'Bot', r: null, m: 'GET', s: 200 };
const rows = (...times: number[]): object[] => times.map((t) => ({ ...ROW, t }));
const text = (...lines: object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

function fileWith(t: TestContext, content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-traffic-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'traffic.ndjson.gz');
  writeFileSync(path, content);
  return path;
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof CodedError && error.code === 'J_TRAFFIC_INVALID', String(error));
    return error.faults.map(({ where, message }) => `${/:(\d+)$/.exec(where)?.[1] ?? '-'} ${message}`).join('; ');
  }
  return assert.fail('it was taken');
}

test('a fixture is read gzipped, of several members, and plain; the hash is of the whole file, however much of it is wanted', (t) => {
  const whole = text(HEADER, ...rows(0, 1, 2));
  const times = (path: string, wanted = Infinity): number[] => {
    const seen: number[] = [];
    readTraffic(path, (one) => seen.push(one.t) < wanted);
    return seen;
  };
  const halves = Buffer.concat([gzipSync(text(HEADER, ...rows(0))), gzipSync(text(...rows(1, 2)))]);
  for (const content of [gzipSync(whole), halves, whole, whole.trimEnd()]) assert.deepEqual(times(fileWith(t, content)), [0, 1, 2]);
  const path = fileWith(t, gzipSync(whole));
  assert.deepEqual(times(path, 1), [0]);
  assert.equal(readTraffic(path, () => false).hash, readTraffic(path, () => true).hash);
});

test('a large fixture is read over its chunks without a line torn', (t) => {
  const many = Array.from({ length: 20_000 }, (_, index) => ({ ...ROW, t: index, c: `visitor-${index * 7_919}`, p: `/find/ü-${index}` }));
  let sum = 0;
  readTraffic(fileWith(t, gzipSync(text({ ...HEADER, requests: many.length }, ...many))), ({ p }) => (sum += p.length) > 0);
  assert.equal(sum, many.reduce((all, { p }) => all + p.length, 0));
});

const BROKEN: [what: string, content: string | Buffer, said: RegExp][] = [
  ['nothing', '', /is empty/],
  ['a raw log', '192.0.2.1 - - [22/Nov/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 1\n', /^1 is not JSON/],
  ['rows without a header', text(...rows(0)), /^1 is no header of a traffic fixture; raw logs are never played/],
  ['a newer format', text({ ...HEADER, traffic: 9 }), /^1 has version 9/],
  ['a row with more in it', text(HEADER, { ...ROW, address: '192.0.2.1' }), /^2 .*address/],
  ['rows out of order', text(HEADER, ...rows(5, 4)), /^3 its time lies before/],
  ['a fixture cut between two lines', text(HEADER, ...rows(0, 1)), /^3 holds 2 rows; its header says 3/],
  ['half an archive', gzipSync(text(HEADER, ...rows(...Array.from({ length: 5_000 }, (_, i) => i)))).subarray(0, 2_000), /broken gzip/],
  ['an archive of noise', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7]), /broken gzip|is empty/],
  ['a line without end', `${text(HEADER)}${'x'.repeat(600_000)}`, /far too long|is not JSON/],
];

for (const [what, content, said] of BROKEN) {
  test(`${what} is refused with its line`, (t) => {
    assert.match(refusal(() => readTraffic(fileWith(t, content), () => true)), said);
  });
}

test('no file, a folder and a device are refused', (t) => {
  assert.match(refusal(() => readTraffic(join(tmpdir(), 'no-such-traffic'), () => true)), /there is no such file/);
  const path = fileWith(t, '');
  assert.match(refusal(() => readTraffic(join(path, '..'), () => true)), /cannot be read \(EISDIR\)/);
  assert.match(refusal(() => readTraffic('/dev/null', () => true)), /is a pipe or a device/);
});

const phase = (name: string, durationS: number): Phase => ({ name, durationS, arrivalRate: null, rampTo: null, arrivalCount: null, pause: true });

test('a fixture that ends before the phases do, whose names were hashed or that nobody would play, is refused with all faults', (t) => {
  const around = (header: Partial<TrafficHeader>, seconds: number) =>
    ({ path: fileWith(t, gzipSync(text({ ...HEADER, ...header }, ...rows(0, 10, 20)))), phases: [phase('p', seconds)], journeyDeadlineMs: 60_000 });
  const config = ReplayConfig.parse({});
  assert.match(refusal(() => buildReplay(config, around({ kept: [] }, 70))), /holds 60 s .* play 70 s.*; .*were hashed/);
  assert.match(refusal(() => buildReplay({ ...config, routes: ['/other'] }, around({}, 60))), /nobody asks for \/other/);
  const plan = buildReplay(config, around({}, 60));
  assert.deepEqual([plan.expected, plan.pages, plan.phases], [{ people: 0, crawlers: 3, leftOut: 0 }, { hot: 1, tail: 0 }, ['p']]);
  assert.equal(buildReplay({ ...config, speed: 0.5 }, around({}, 120)).expected.crawlers, 3);
});

test('a replay names phases that there are, and needs its journey in the script', () => {
  const faults = (raw: unknown, weight: number | null = 0): string[] => replayFaults(
    raw, [phase('one', 1), phase('two', 1)], weight === null ? [] : [{ name: REPLAY_JOURNEY, weight }], (path) => path.join('.'),
  ).map(({ where, message }) => `${where.replace('config.plugins.journeys.', '')}: ${message}`);
  assert.deepEqual(faults(undefined, null), []);
  assert.deepEqual(faults({ phases: ['one'], spike: { phase: 'one' } }), []);
  assert.deepEqual(faults({ phases: ['one', 'three'], spike: { phase: 'two' } }), [
    'replay.phases: no phase is named "three"', 'replay.spike: no phase of the replay is named "two"',
  ]);
  for (const weight of [null, 1]) assert.match(faults({}, weight).join(), /needs a scenario of weight 0/);
});

test('what is played is a route of the plan, so that vitals of its pages are found under it', () => {
  assert.deepEqual(withReplayed(['/find/:slug', '/creators/:id'], { routes: ['/find/:slug', '/blog/:post'] }), ['/find/:slug', '/creators/:id', '/blog/:post']);
  assert.deepEqual(withReplayed(['/a'], null), ['/a']);
});
