import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makingOf } from './cache-status.ts';

const CASES: [headers: Record<string, string>, generationMs: number | null, cache: 'hit' | 'miss' | null][] = [
  [{}, null, null],
  [{ 'server-timing': 'db;dur=1.5, render;dur=2, cache;desc=hit, total;dur=4.25' }, 4.25, 'hit'],
  [{ 'server-timing': 'cache;desc="MISS", generation;dur=80, total;dur=120' }, 80, 'miss'],
  [{ 'server-timing': 'cdn-cache; desc=HIT, edge; dur=1' }, null, 'hit'],
  [{ 'server-timing': 'cache;desc=perhaps', 'x-cache': 'Hit from cloudfront' }, null, 'hit'],
  [{ 'x-cache': 'RefreshHit from cloudfront' }, null, 'hit'],
  [{ 'x-cache': 'Miss from cloudfront' }, null, 'miss'],
  [{ 'x-cache': 'Error from cloudfront' }, null, null],
  [{ 'x-cache': 'HIT, MISS' }, null, 'miss'],
  [{ 'x-cache': 'MISS, HIT' }, null, 'hit'],
  [{ 'x-cache': 'TCP_MEM_HIT' }, null, 'hit'],
  [{ 'cf-cache-status': 'EXPIRED' }, null, 'miss'],
  [{ 'cf-cache-status': 'DYNAMIC' }, null, 'miss'],
  [{ 'cache-status': 'Origin; fwd=uri-miss, Edge; hit; ttl=30' }, null, 'hit'],
  [{ 'cache-status': 'Edge; fwd=miss; stored' }, null, 'miss'],
  [{ 'cache-status': 'Origin; fwd=miss, "Edge, \\"west\\"; hit"; hit; detail="a, b"' }, null, 'hit'],
  [{ 'cache-status': 'Edge; fwd=miss; detail="x; hit"' }, null, 'miss'],
  [{ 'server-timing': 'total;dur=soon, cache' }, null, null],
];

for (const [headers, generationMs, cache] of CASES) {
  test(`${JSON.stringify(headers)} says ${cache ?? 'nothing'} of a cache`, () => {
    assert.deepEqual(makingOf(headers), { generationMs, cache });
  });
}
