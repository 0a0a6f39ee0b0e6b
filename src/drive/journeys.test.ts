import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { loadJourneys } from './journeys.ts';

const DEFINE = `import { defineJourney } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../journey.ts')).href)};\n`;
const journeyNamed = (name: string): string => `${DEFINE}export default defineJourney({ name: '${name}', act: async () => {} });\n`;

function folderOf(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'journeys-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

test('every journey file of a folder is loaded by the name inside it, and nothing else is', async (t) => {
  const folder = folderOf(t, {
    'a.journey.ts': journeyNamed('first'), 'b.journey.ts': journeyNamed('second'), 'define.ts': 'throw new Error("not a journey");', 'notes.md': '',
  });
  const { journeys, faults } = await loadJourneys(folder);
  assert.deepEqual([...journeys.keys()], ['first', 'second']);
  assert.deepEqual(faults, []);
});

const BROKEN: [why: string, content: string, message: RegExp][] = [
  ['it has a syntax error', 'export default {;', /.+/],
  ['it throws', 'throw new Error("no database");', /no database/],
  ['it throws what is no error', 'throw "no database";', /no database/],
  ['it imports what does not exist', 'import "./nowhere.ts";', /nowhere/],
  ['it has no default export', 'export const name = "x";', /the default export is no journey/],
  ['its default export only looks like a journey', 'export default { name: "x", act: async () => {} };', /the default export is no journey/],
  ['its default export is null', 'export default null;', /the default export is no journey/],
  ['it is empty', '', /the default export is no journey/],
];
for (const [why, content, message] of BROKEN) {
  test(`a file is a fault, and the others still load, when ${why}`, async (t) => {
    const { journeys, faults } = await loadJourneys(folderOf(t, { 'bad.journey.ts': content, 'good.journey.ts': journeyNamed('good') }));
    assert.deepEqual([...journeys.keys()], ['good']);
    assert.equal(faults.length, 1);
    assert.match(faults[0]?.where ?? '', /bad\.journey\.ts$/);
    assert.match(faults[0]?.message ?? '', message);
    assert.doesNotMatch(faults[0]?.message ?? '', /\n/);
  });
}

test('two files with one name are a fault at the second', async (t) => {
  const { journeys, faults } = await loadJourneys(folderOf(t, { 'a.journey.ts': journeyNamed('same'), 'b.journey.ts': journeyNamed('same') }));
  assert.equal(journeys.size, 1);
  assert.match(faults[0]?.where ?? '', /b\.journey\.ts$/);
  assert.match(faults[0]?.message ?? '', /"same"/);
});

test("the repository's own journeys all load", async () => {
  const { journeys, faults } = await loadJourneys(join(import.meta.dirname, '../../journeys'));
  assert.deepEqual(faults, []);
  const files = readdirSync(join(import.meta.dirname, '../../journeys')).filter((name) => name.endsWith('.journey.ts'));
  assert.equal(journeys.size, files.length);
});
