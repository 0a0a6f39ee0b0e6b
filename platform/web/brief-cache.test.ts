import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBriefCache, fallbackMessage, templateOf } from './brief-cache.ts';
import { openDb } from './db.ts';

const subject = { title: 'Launch film', details: 'Thirty seconds for our new kettle.', skill: 'video-editor' };
const brief = 'Here is a working brief for Launch film.\n\nGoal: one clear message.';

test('a kept brief names the next project in place of the first one, whatever its title is', () => {
  const cache = createBriefCache(openDb(':memory:'));
  cache.keep(subject, brief, null);
  for (const title of ['Kettle song', '$& and $1', 'a\\b']) {
    assert.deepEqual(cache.fallback({ ...subject, title }), { kind: 'cached', brief: brief.replace('Launch film', () => title) });
  }
  const other = cache.fallback({ ...subject, skill: 'voice-designer' });
  assert.equal(other.kind, 'outline');
  assert.match(other.brief, /^Outline for Launch film\.[^]*Thirty seconds/);
});

test("a load test's brief takes the place of no other; a real one takes its place", () => {
  const db = openDb(':memory:');
  const keep = (text: string, runId: string | null): void => createBriefCache(db).keep(subject, text, runId);
  const kept = () => db.one<{ template: string; run: string | null }>('test', 'SELECT template, run_id AS run FROM brief_templates');
  keep('First goal.', 'run-1');
  keep('Second goal.', 'run-2');
  assert.deepEqual({ ...kept() }, { template: 'Second goal.', run: 'run-2' });
  keep('Real goal.', null);
  keep('Third goal.', 'run-3');
  assert.deepEqual({ ...kept() }, { template: 'Real goal.', run: null });
});

const PRIVATE: [why: string, text: string, of: { title: string; details: string }][] = [
  ['three words of the details', 'A film of thirty seconds, for the kettle.', { title: 'Launch film', details: 'Thirty seconds for us' }],
  ['details of a single word', 'A film of kettles.', { title: 'Launch film', details: 'Kettles!' }],
  ['the title in other letters', 'A brief for LAUNCH FILM.', { title: 'Launch film', details: '' }],
  ['a title that is a word of the text', 'A brief for for, for a start.', { title: 'for', details: '' }],
];
for (const [why, text, of] of PRIVATE) {
  test(`a brief is not kept for others with ${why} in it`, () => {
    assert.equal(templateOf(text, { ...of, skill: 'video-editor' }), null);
  });
}

test('a brief without anything of its user is kept as it is', () => {
  assert.equal(templateOf('Goal: one clear message.', subject), 'Goal: one clear message.');
});

test('the user is told which of the two it is', () => {
  assert.match(fallbackMessage('cached'), /^The model is not available; here is a cached brief\./);
  assert.match(fallbackMessage('outline'), /^The model is not available; here is a plain outline\./);
});
