import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadJourneys } from '../drive/journeys.ts';
import { ERRORS } from '../errors.ts';
import { BUDGET_RUNBOOK, runbookOf } from '../model/runbook.ts';
import { Gate, Slo } from '../model/slo.ts';
import { buildPlan } from '../plan/build.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const RUNBOOKS = globSync('ops/runbooks/*.md', { cwd: ROOT }).sort();
const PAGES = ['README.md', ...globSync('documentation/*.md', { cwd: ROOT }), ...RUNBOOKS].sort();
/** Written by whoever follows the guide, and by `npm run ops -- --learn`. */
const MADE_LATER = ['journeys/newsletter.journey.ts', 'ops/thresholds.yml'];
const SECTIONS = ['What it means', 'How to look', 'What to do', 'How to roll back'];

/** Every metric that a gate can name, from the schema itself. */
function metricsOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(metricsOf);
  const metric: unknown = schema instanceof z.ZodObject ? schema.shape.metric : null;
  assert.ok(metric instanceof z.ZodLiteral, 'a gate names its metric');
  return [String(metric.value)];
}

/** All that `pattern` captures in these pages, as `page: what`. */
function mentions(pages: readonly string[], pattern: RegExp): { page: string; what: string }[] {
  return pages.flatMap((page) => [...read(page).matchAll(pattern)].map((match) => ({ page, what: match[1] ?? '' })));
}

function missing(found: { page: string; what: string }[], isThere: (what: string) => boolean): string[] {
  return found.filter(({ what }) => !isThere(what)).map(({ page, what }) => `${page}: ${what}`);
}

/** Headings as GitHub names them in links. */
function anchors(page: string): string[] {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
  return headings.map((heading) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
}

test('every metric of a gate has a runbook, and so has every alert', () => {
  const rules = globSync('ops/prometheus/*.yml', { cwd: ROOT });
  const alerts = mentions(rules, /(ops\/runbooks\/[\w-]+\.md)/g).map(({ what }) => what);
  const wanted = new Set([...metricsOf(Gate).map(runbookOf), BUDGET_RUNBOOK, ...alerts]);
  assert.deepEqual([...wanted].filter((path) => !RUNBOOKS.includes(path)), []);
  assert.ok(wanted.size > 20);
});

test('a runbook has its four sections, each of some words, and stands in the index', () => {
  const index = read('ops/runbooks/README.md');
  for (const page of RUNBOOKS.filter((path) => !path.endsWith('README.md'))) {
    const [, ...parts] = read(page).split(/^## /m);
    assert.deepEqual(parts.map((part) => part.split('\n')[0]), SECTIONS, page);
    for (const part of parts) assert.ok(part.split(/\s+/).length > 10, `${page}: ${part}`);
    assert.ok(index.includes(`(${posix.basename(page)})`), `the index lacks ${page}`);
  }
});

test('links in README, documentation and runbooks lead to a file and a heading that exist', () => {
  const found = PAGES.flatMap((page) => {
    const text = read(page).replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '`');
    return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ page, what: match[1] ?? '' }));
  }).filter(({ what }) => !/^https?:/.test(what));
  assert.ok(found.length > 100);
  assert.deepEqual(found.filter(({ page, what }) => {
    const [path = '', anchor] = what.split('#');
    const file = path === '' ? page : posix.join(dirname(page), path);
    return !existsSync(join(ROOT, file)) || (anchor !== undefined && !anchors(file).includes(anchor));
  }), []);
});

test('commands, profiles, error codes and files that pages name exist', () => {
  const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
  assert.deepEqual(missing(mentions(PAGES, /\bnpm run ([a-z][\w:-]*)/g), (name) => scripts.includes(name)), []);
  const profiles = mentions(PAGES, /\b(artillery\/profiles\/[\w/-]+\.yml)/g);
  assert.deepEqual(missing(profiles, (path) => existsSync(join(ROOT, path))), []);
  assert.deepEqual(missing(mentions(PAGES, /\b(J_[A-Z][A-Z_]+)\b/g), (code) => code in ERRORS), []);
  const folders = 'src|artillery|journeys|fixtures|documentation|ops|bench|campaigns|config|test|scripts|\\.github';
  const paths = new RegExp(`\`((?:${folders})\\/[\\w./-]+\\.\\w+)\``, 'g');
  assert.deepEqual(missing(mentions(PAGES, paths), (path) => MADE_LATER.includes(path) || existsSync(join(ROOT, path))), []);
});

test('figures and flags that runbooks name exist, and every figure of slo.yml has its line in kpi.md', () => {
  const kpis = Slo.parse(parse(read('slo.yml'))).kpis.map(({ id }) => id);
  const named = mentions(RUNBOOKS, /\bKPIs?\s+((?:`[a-z0-9-]+`,?\s*(?:and\s|or\s)?)+)/g)
    .flatMap(({ page, what }) => [...what.matchAll(/`([^`]+)`/g)].map((match) => ({ page, what: match[1] ?? '' })));
  assert.ok(named.length > 50);
  assert.deepEqual(missing(named, (id) => kpis.includes(id)), []);
  const cells = mentions(['ops/runbooks/kpi.md'], /^\| (`[^|]*) \|/gm);
  const explained = cells.flatMap(({ what }) => [...what.matchAll(/`([^`]+)`/g)].map((match) => match[1]));
  assert.deepEqual(explained.sort(), kpis.sort());
  const flags = /^Flags: ([^;]+);/m.exec(read('documentation/platform.md'))?.[1] ?? '';
  const switches = mentions(['ops/runbooks/README.md'], /^\| (`[a-z-]+`) \|/gm).map(({ what }) => what);
  assert.deepEqual(switches.sort(), flags.split(', ').sort());
});

/** The fenced example of a page whose first lines hold `mark`. */
function example(page: string, language: string, mark: string): string {
  const blocks = mentions([page], new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, 'gm')).map(({ what }) => what);
  const found = blocks.find((block) => block.includes(mark));
  assert.ok(found !== undefined, `${page} has an example with "${mark}"`);
  return found.replace(/^ {3}/gm, (indent) => (page === 'README.md' ? '' : indent));
}

test('the first journey of the documentation is one, and its script and limits make a plan', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'documents-'));
  context.after(() => rm(folder, { recursive: true }));
  const page = 'documentation/journeys.md';
  const text = example(page, 'ts', "name: 'newsletter'");
  const define = pathToFileURL(join(ROOT, 'journeys/define.ts')).href;
  await writeFile(join(folder, 'newsletter.journey.ts'), text.replace('./define.ts', define));
  const { journeys, faults } = await loadJourneys(folder);
  assert.deepEqual([[...journeys.keys()], faults], [['newsletter'], []]);
  const words = (code: string): string => code.replace(/\/\/.*$/gm, '').replace(/\s+/g, ' ').trim();
  assert.equal(words(example('README.md', 'ts', "name: 'newsletter'")), words(text), 'README has the same one');

  const script = example(page, 'yaml', '# staging.yml');
  await writeFile(join(folder, 'staging.yml'), script);
  await writeFile(join(folder, 'staging.slo.yml'), example(page, 'yaml', '# staging.slo.yml'));
  const { plan } = buildPlan({
    script: parse(script), scriptPath: join(folder, 'staging.yml'), knownJourneys: [...journeys.keys()],
    startedAtEpochMs: 0, seed: 1, embedded: false,
  });
  assert.deepEqual(plan.gates.map(({ id }) => id), ['open-home', 'subscribe', 'lcp', 'users']);
  const steps = [...text.matchAll(/step\('([^']+)'/g)].map((match) => match[1]);
  assert.deepEqual(plan.gates.flatMap((gate) => ('step' in gate ? [gate.step] : [])), steps);
});
