import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchCreators, searchListings } from '../shared/search.ts';
import type { CreatorQuery, ListingQuery } from '../shared/search.ts';
import { openDb } from '../web/db.ts';
import { createListings } from '../web/listings.ts';
import { changesAfter } from '../web/replication.ts';
import { seedDb } from '../web/seed.ts';
import { openCopy } from './copy.ts';
import type { Copy } from './copy.ts';

const db = openDb(':memory:');
await seedDb(db, 1);
db.run('test', "INSERT INTO users VALUES ('usr_a-b', 'a@example.com', 'A', '', NULL, 0)");
const listings = createListings(db, { read: (_search, _query, fromPrimary) => Promise.resolve(fromPrimary()) });
const row = (externalId: string, title: string, status: 'active' | 'withdrawn' = 'active') =>
  ({ externalId, title, description: '', skill: 'video-editor', priceCents: 1000, status });

/** Sends everything after the copy's place, in batches, as the primary does. */
function feed(copy: Copy, limit = 200): void {
  for (;;) {
    const { at } = copy.position();
    const changes = changesAfter(db, at, limit);
    assert.equal(copy.apply({ after: at, changes, asOfMs: changes.length < limit ? 1 : null }), true);
    if (changes.length < limit) return;
  }
}

const CREATORS: CreatorQuery = { q: '', skill: null, verified: null, limit: 50, offset: 100 };
const LISTINGS: ListingQuery = { q: '', skill: null, userId: null, limit: 50, before: null };

test('a copy made from nothing finds what the primary finds, by word and by filter', () => {
  const copy = openCopy(':memory:');
  assert.equal(copy.asOfMs(), null);
  feed(copy);
  assert.equal(copy.asOfMs(), 1);
  for (const more of [{}, { q: 'vid pod' }, { skill: 'voice-designer', verified: true }, { q: 'nobody' }]) {
    const query = { ...CREATORS, ...more };
    assert.deepEqual(searchCreators(copy.reader, query), searchCreators(db, query));
  }
});

test('what is written later comes over once, in its last state, and out of the search when it is withdrawn', async () => {
  const copy = openCopy(':memory:');
  feed(copy);
  await listings.sync('usr_a-b', [row('1', 'Kettle film'), row('2', 'Kettle song'), row('3', 'Pot song')]);
  await listings.sync('usr_a-b', [row('1', 'Teapot film'), row('3', 'Pot song', 'withdrawn')]);
  assert.equal(changesAfter(db, copy.position().at).length, 3);
  feed(copy, 2);
  const titles = (q: string): string[] => searchListings(copy.reader, { ...LISTINGS, q }).listings.map(({ title }) => title);
  assert.deepEqual(titles(''), ['Kettle song', 'Teapot film']);
  assert.deepEqual([titles('kettle'), titles('teapot'), titles('pot')], [['Kettle song'], ['Teapot film'], []]);
  assert.deepEqual(changesAfter(db, copy.position().at), []);
});

test('what is removed is removed in the copy too; a number that is used again is the new row', async () => {
  const copy = openCopy(':memory:');
  await listings.sync('usr_a-b', [row('8', 'Going film'), row('9', 'Going song')]);
  feed(copy);
  const found = (): string[] => searchListings(copy.reader, { ...LISTINGS, q: 'going' }).listings.map(({ title }) => title);
  assert.deepEqual(found(), ['Going song', 'Going film']);
  const last = db.one<{ id: number }>('test', "SELECT id FROM listings WHERE external_id = '9'")?.id;
  db.run('test', "DELETE FROM listings WHERE external_id IN ('8', '9')");
  assert.deepEqual(changesAfter(db, copy.position().at).map(({ row: now }) => now), [null, null]);
  // The highest number is free again.
  await listings.sync('usr_a-b', [row('10', 'Going poem')]);
  assert.ok(db.one('test', "SELECT 1 FROM listings WHERE external_id = '10' AND id < ?", last ?? 0));
  feed(copy, 1);
  assert.deepEqual(found(), ['Going poem']);
  const anew = openCopy(':memory:');
  feed(anew);
  assert.deepEqual(searchListings(anew.reader, LISTINGS), searchListings(copy.reader, LISTINGS));
  db.run('test', "DELETE FROM listings WHERE external_id = '10'");
});

test('a batch that does not begin where the copy ends is not taken, and one that fails leaves nothing behind', () => {
  const copy = openCopy(':memory:');
  const [first, ...others] = changesAfter(db, 0, 3);
  assert.ok(first);
  assert.equal(copy.apply({ after: 5, changes: [first], asOfMs: 1 }), false);
  assert.equal(copy.asOfMs(), null);
  const broken = { ...first, row: { ...first.row, name: null } };
  assert.throws(() => copy.apply({ after: 0, changes: [...others, broken], asOfMs: 1 }));
  assert.deepEqual(copy.position(), { at: 0 });
  assert.equal(searchCreators(copy.reader, { ...CREATORS, offset: 0 }).total, 0);
});

test("a search of one's own listings sees no others, and pages by id without a gap", async () => {
  db.run('test', "INSERT INTO users VALUES ('usr_c', 'c@example.com', 'C', '', NULL, 0)");
  await listings.sync('usr_c', Array.from({ length: 25 }, (_, index) => row(`c-${index}`, `Kettle ${index}`)));
  const seen: string[] = [];
  for (let before: number | null = null; ;) {
    const page = searchListings(db, { ...LISTINGS, q: 'kettle', userId: 'usr_c', limit: 10, before });
    seen.push(...page.listings.map(({ externalId }) => externalId));
    before = page.next;
    if (before === null) break;
  }
  assert.deepEqual(seen, Array.from({ length: 25 }, (_, index) => `c-${24 - index}`));
});
