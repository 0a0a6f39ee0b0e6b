import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TrafficRow } from '../../model/index.ts';
import { readTraffic } from '../../plan/replay-traffic.ts';
import { TrafficCounts } from '../summary.ts';
import { importFiles, keeps } from '../testing.ts';
import { KEPT, SLUGS, TERMS } from './pages.ts';
import { combinedLineOf, rowOf } from './write.ts';
import { visits, type Visit } from './visits.ts';

const ROOT = join(import.meta.dirname, '../../..');
const WANTED = { requests: 3_000, durationMs: 600_000, seed: 1 };
const generated = [...visits(WANTED)];
const of = (kind: string): Visit[] => generated.filter(({ agent }) => agent.kind === kind);

test('about as many requests as wanted come in the order of time, the same for the same seed and others for another', () => {
  assert.ok(Math.abs(generated.length - WANTED.requests) < 0.1 * WANTED.requests, String(generated.length));
  assert.ok(generated.every(({ tMs }, index) => tMs < WANTED.durationMs && (index === 0 || tMs >= (generated[index - 1] as Visit).tMs)));
  assert.deepEqual([...visits(WANTED)], generated);
  assert.notDeepEqual([...visits({ ...WANTED, seed: 2 })], generated);
});

test('few pages draw most of what people ask for, crawlers go over all of them alike, and people go back', () => {
  const counts = (list: readonly Visit[]): number[] =>
    SLUGS.map((slug) => list.filter(({ path }) => path === `/find/${slug}`).length).sort((a, b) => b - a);
  const share = (list: readonly Visit[]): number => counts(list).slice(0, 6).reduce((sum, one) => sum + one, 0) / list.length;
  assert.ok(share(of('person')) > 0.35, `people: ${share(of('person'))}`);
  assert.ok(share(of('crawler')) < 0.15, `crawlers: ${share(of('crawler'))}`);
  assert.ok((counts(of('crawler')).at(-1) ?? 0) > 10);
  const had = new Set<string>();
  const revisits = of('person').filter(({ visitor, path }) => had.has(`${visitor} ${path}`) || !had.add(`${visitor} ${path}`)).length;
  assert.ok(revisits > 0.2 * of('person').length, `${revisits} revisits`);
  for (const [kind, least, most] of [['person', 0.35, 0.55], ['crawler', 0.4, 0.65], ['other', 0, 0.03]] as const) {
    const part = of(kind).length / generated.length;
    assert.ok(part > least && part < most, `${kind}: ${part}`);
  }
});

test('its pages and search terms are those of the bundled platform', async () => {
  const seed = await readFile(join(ROOT, 'platform/web/seed.ts'), 'utf8');
  const listed = (name: string): string[] => {
    const block = new RegExp(`const ${name}[^=]*= \\[(.*?)\\n\\];`, 's').exec(seed)?.[1] ?? '';
    return [...block.matchAll(/\['([\w-]+)', '([^']+)'\]/g)].map(([, slug]) => slug as string);
  };
  const [skills, uses] = [listed('SKILLS'), listed('USES')];
  assert.deepEqual([...SLUGS].sort(), skills.flatMap((skill) => uses.map((use) => `${skill}-for-${use}`)).sort());
  for (const term of TERMS) assert.ok([...skills, ...uses].some((name) => name.includes(term)), term);
});

test('written as a log and imported, it is the fixture again', async () => {
  const sample = generated.slice(0, 500);
  const log = sample.map((visit) => combinedLineOf({ ...visit, tMs: Math.floor(visit.tMs / 1_000) * 1_000 }, Date.UTC(2026, 0, 5))).join('\n');
  const { rows, imported } = await importFiles({ 'access.log': log }, { keeps: keeps(...KEPT), terms: new Set(TERMS) });
  assert.deepEqual(imported.tally.skipped, {});
  const firstMs = (sample[0] as Visit).tMs;
  const plain = (all: { t: number; c: string }[]): object[] => all.map(({ t: _t, c: _c, ...row }) => row);
  assert.deepEqual(plain(rows), plain(sample.map((visit) => rowOf(visit, WANTED.seed, firstMs))));
  assert.equal(new Set(rows.map(({ c }) => c)).size, new Set(sample.map(({ visitor }) => visitor)).size);
});

test('the bundled fixture is what "npm run replay -- generate" makes, and small', async () => {
  const path = join(ROOT, 'fixtures/traffic/search.ndjson.gz');
  assert.ok((await readFile(path)).length < 150_000);
  const all: TrafficRow[] = [];
  const { header } = readTraffic(path, (row) => all.push(row) > 0);
  const firstMs = (generated[0] as Visit).tMs;
  assert.deepEqual(all, generated.map((visit) => rowOf(visit, WANTED.seed, firstMs)));
  assert.deepEqual([header.source, header.requests], ['synthetic', all.length]);
});

test('a summary tells who asks for what, how fast, and how often people go back', () => {
  const row = { p: '/find/a', c: 'one', k: 'person', u: 'Chrome', r: 'google.com', m: 'GET', s: 200 } as const;
  const rows = [
    { ...row, t: 0 }, { ...row, t: 1_000, p: '/find/b', r: null }, { ...row, t: 2_000 }, { ...row, t: 3_000, c: 'two', k: 'crawler', u: 'Googlebot' },
    { ...row, t: 40_000, c: 'three', s: 404 },
  ] as const;
  const header = { traffic: 1, source: 'combined', kept: [], requests: 5, durationMs: 40_000, skipped: {} } as const;
  const counts = new TrafficCounts();
  for (const one of rows) counts.add(one);
  const summary = counts.summary({ ...header, kept: [] });
  assert.deepEqual(summary.kinds, { person: { requests: 4, visitors: 2 }, crawler: { requests: 1, visitors: 1 }, other: { requests: 0, visitors: 0 } });
  assert.deepEqual(summary.hottest, [{ path: '/find/a', requests: 4 }, { path: '/find/b', requests: 1 }]);
  const { revisits, refusals, busiestPerSecond, requestsPerSecond, longestSilenceMs, pages, pagesOfFourFifths } = summary;
  assert.deepEqual({ revisits, refusals, busiestPerSecond, requestsPerSecond, longestSilenceMs, pages, pagesOfFourFifths }, {
    revisits: 1, refusals: 1, busiestPerSecond: 0.4, requestsPerSecond: 0.125, longestSilenceMs: 37_000, pages: 2, pagesOfFourFifths: 1,
  });
});
