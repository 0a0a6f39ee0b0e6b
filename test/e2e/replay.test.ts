import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Observation, type ReplayObservation, type TrafficRow } from '../../src/model/index.ts';
import { assertAllGone, onlyRun, startArtillery } from './artillery.ts';
import { recordOf, shortScript } from './short.ts';

const SLUGS = ['prompt-engineer-for-podcasts', 'video-editor-for-podcasts', 'voice-designer-for-podcasts', 'image-artist-for-podcasts'];
const GATES = [
  '{ id: errors, metric: replay_error_rate, max: 10, unit: "%", source: test, profiles: [smoke] }',
  '{ id: cache, metric: replay_cache_hits, min: 50, unit: "%", source: test, profiles: [smoke] }',
  '{ id: made, metric: replay_generation, stat: p50, max: 5000, unit: ms, source: test, profiles: [smoke] }',
  '{ id: others, metric: vital, vital: INP, stat: p75, max: 200, unit: ms, source: test }',
];

/** A minute of traffic: a person who comes back, and a crawler. */
function fixture(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-replay-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const row = (t: number, slug: number, more: Partial<TrafficRow>): TrafficRow =>
    ({ t, p: `/find/${SLUGS[slug] ?? ''}`, c: 'bot', k: 'crawler', u: 'Googlebot', r: null, m: 'GET', s: 200, ...more });
  const person = { c: 'visitor', k: 'person', u: 'Chrome' } as const;
  const rows = [
    ...Array.from({ length: 60 }, (_, second) => row(second * 1_000 + 500, second % 20 === 0 ? second / 20 + 1 : 0, {})),
    row(2_000, 0, person), row(8_000, 1, person), row(14_000, 0, person), row(20_000, 0, { ...person, c: 'other' }),
  ].sort((a, b) => a.t - b.t);
  const header = { traffic: 1, source: 'combined', kept: ['/find/:slug'], requests: rows.length, durationMs: 60_000, skipped: {} };
  const path = join(folder, 'traffic.ndjson.gz');
  writeFileSync(path, gzipSync([header, ...rows].map((one) => JSON.stringify(one)).join('\n')));
  return path;
}

function script(t: TestContext, replay: string): string {
  return shortScript(t, '{ name: calm, duration: 4, arrivalCount: 1 }\n    - { name: spike, duration: 4, arrivalCount: 1 }', GATES)
    .replace(/^( +)profile: smoke\n/m, (line, indent: string) => `${line}${indent}browsers: false\n${indent}replay: ${replay}\n`)
    .replace(/observers: \{[^}]*\}/, 'observers: { share: 1, max: 12 }');
}

test('recorded traffic with a spike is played by browsers and plain requests, judged, and told in the reports', { timeout: 240_000 }, async (t) => {
  const run = startArtillery(t, {
    script: script(t, `{ traffic: ${fixture(t)}, speed: 6, spike: { kind: burst, phase: spike, requestsPerSecond: 20, slugs: 1, people: 0.02 } }`),
  });
  const finished = await run.finished;
  await assertAllGone(run);
  const { output } = finished;
  const { plan, replay, totals, verdict, arrivals } = recordOf(finished);
  const folder = onlyRun(finished.reports);
  const lines = readdirSync(folder).filter((name) => name.endsWith('.ndjson')).flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
  const seen = lines.filter((line) => line.includes('"kind":"replay"')).map((line) => Observation.parse(JSON.parse(line)) as ReplayObservation);
  // 8 s at six times the speed are 48 recorded seconds; the burst adds 20 × 4 × 0.9.
  assert.deepEqual(plan.replay?.expected, { people: 5, crawlers: 119, leftOut: 0 });
  assert.deepEqual(replay && [replay.played.people, replay.played.crawlers, replay.played.neverSent], [5, 119, 0], output);
  assert.deepEqual([replay?.played.lateness?.person?.n, replay?.played.lateness?.crawler?.n], [5, 119]);
  assert.equal(seen.length, 124);
  assert.ok(seen.every(({ status }) => status === 200), output);
  assert.deepEqual(arrivals.map(({ phase, scheduled, started }) => [phase, scheduled, started]), [['calm', 2, 2], ['spike', 1, 1]]);
  assert.deepEqual([totals.journeys, totals.byOutcome, totals.artilleryDifference ?? 0], [3, { passed: 3 }, 0]);
  // Each page is asked for the first time once, whoever does; the platform says that it had to make it, and what it had already.
  assert.equal(seen.filter(({ first }) => first).length, 4);
  assert.ok(seen.filter(({ first }) => first).every(({ cache }) => cache === 'miss'));
  assert.deepEqual(seen.filter(({ revisit }) => revisit).map(({ by, cache }) => [by, cache]), [['person', 'hit']]);
  assert.ok(replay?.vitals.some(({ name, page, n }) => name === 'LCP' && page === '/find/:slug' && n > 0), JSON.stringify(replay?.vitals));
  const statusOf = (id: string): string | undefined => verdict.gates.find((gate) => gate.id === id)?.status;
  assert.deepEqual([statusOf('errors'), statusOf('cache'), statusOf('others')], ['pass', 'pass', undefined], output);
  assert.ok(plan.gatesNotInProfile.includes('others'));
  assert.match(output, /replay +.* at 6 times its speed, \d hot pages of 4/);
  assert.match(output.replace(/\s+/g, ' '), /5 pages of people(?: \([^)]*\))? and 119 requests of crawlers(?: \([^)]*\))? were played/);
  assert.match(readFileSync(join(folder, 'index.html'), 'utf8'), /Replayed search traffic/);
});
