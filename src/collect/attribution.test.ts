import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Attribution } from '../model/index.ts';
import { attribute, type RequestSpan } from './attribution.ts';

const EPOCH = 1_800_000_000_000;
/** A request by its times since the step's start. */
function span(name: string, [start, sent, firstByte, end]: (number | null)[], changes: Partial<RequestSpan> = {}): RequestSpan {
  const at = (ms: number | null | undefined): number | null => (ms == null ? null : EPOCH + ms);
  return { name, kind: 'code', startMs: EPOCH + (start ?? 0), sentMs: at(sent), firstByteMs: at(firstByte), endMs: at(end), serverMs: null, ...changes };
}

const document = { kind: 'document' } as const;
const stream = { kind: 'stream' } as const;
const picture = { kind: 'picture' } as const;

describe('where the time of a step goes', () => {
  /** Title, the requests, the perceived latency, and server, network, rendering, slowest request. */
  const cases: [string, RequestSpan[], number, [number, number, number, string | null]][] = [
    ['nothing asked for: the page alone', [], 300, [0, 0, 300, null]],
    ['the wait for the first byte is the server', [span('a', [10, 10, 210, 220])], 250, [200, 10, 40, 'a']],
    ['a server that says how long it took is believed', [span('a', [10, 10, 210, 220], { serverMs: 150 })], 250, [150, 60, 40, 'a']],
    ['but not beyond the wait', [span('a', [10, 10, 210, 220], { serverMs: 900 })], 250, [200, 10, 40, 'a']],
    ['connecting is the network', [span('a', [0, 80, 100, 100])], 120, [20, 80, 20, 'a']],
    ['one after the other: each counts', [span('a', [0, 0, 100, 100]), span('b', [120, 120, 300, 300])], 320, [280, 0, 40, 'b']],
    ['side by side: only the one that was waited for', [span('a', [0, 0, 90, 90]), span('b', [5, 5, 300, 300])], 310, [295, 0, 15, 'b']],
    ['what ends after the reveal was not waited for', [span('a', [0, 0, 100, 100]), span('beacon', [10, 10, 200, 900])], 150, [100, 0, 50, 'a']],
    ['what nobody has answered yet neither', [span('poll', [0, null, null, null])], 150, [0, 0, 150, null]],
    ['what the step before left behind counts from the start of this one', [span('a', [-500, -500, 100, 100])], 150, [100, 0, 50, 'a']],
    ['a document that still comes in is the network', [span('page', [0, 0, 50, null], document)], 400, [50, 350, 0, 'page']],
    ['also where it ends after the reveal', [span('page', [0, 0, 50, 900], document)], 400, [50, 350, 0, 'page']],
    ['a script found while the page still comes in', [span('page', [0, 0, 50, 200], document), span('js', [60, 60, 260, 260])], 300,
      [250, 10, 40, 'js']],
    ['the document of the step before is over', [span('page', [-900, -900, -800, null], document)], 200, [0, 0, 200, null]],
    ['events come when the server has them', [span('start', [0, 0, 40, 40]), span('events', [60, 60, 90, null], stream)], 1_000,
      [980, 0, 20, 'events']],
    ['a stream that was there before is not what was waited for', [span('events', [-900, -900, -800, null], stream)], 200, [0, 0, 200, null]],
    ['a stream beside data: the data', [span('events', [0, 0, 20, null], stream), span('data', [10, 10, 210, 210])], 500, [200, 0, 300, 'data']],
    ['a picture that shows at once was waited for', [span('data', [0, 0, 50, 50]), span('png', [60, 60, 70, 400], picture)], 420,
      [60, 330, 30, 'png']],
    ['a picture beside data was not', [span('data', [0, 0, 395, 395]), span('png', [60, 60, 70, 400], picture)], 420, [395, 0, 25, 'data']],
    ['a picture long before the reveal was not', [span('png', [0, 0, 10, 100], picture)], 420, [0, 0, 420, null]],
    ['from a cache: the network, for what it is', [span('js', [10, null, null, 14])], 30, [0, 4, 26, 'js']],
  ];
  for (const [title, spans, perceivedMs, [serverMs, networkMs, renderMs, slowestRequest]] of cases) {
    test(title, () => assert.deepEqual(attribute(spans, EPOCH, perceivedMs), { serverMs, networkMs, renderMs, slowestRequest }));
  }
});

const time = fc.option(fc.integer({ min: -200, max: 1_500 }), { nil: null });
const anySpan: fc.Arbitrary<RequestSpan> = fc.record({
  times: fc.tuple(fc.integer({ min: -200, max: 1_500 }), time, time, time),
  kind: fc.constantFrom('document', 'stream', 'code', 'picture'),
  serverMs: fc.option(fc.integer({ min: 0, max: 2_000 }), { nil: null }),
}).map(({ times, ...rest }) => span('r', times, rest));

test('whatever the browser tells, the parts are no less than nothing and sum to the perceived latency', () => {
  fc.assert(fc.property(fc.array(anySpan, { maxLength: 12 }), fc.double({ min: 0, max: 1_200, noNaN: true }), (spans, perceivedMs) => {
    const { serverMs, networkMs, renderMs }: Attribution = attribute(spans, EPOCH + 0.25, perceivedMs);
    assert.ok(serverMs >= 0 && networkMs >= 0 && renderMs >= 0, `${serverMs} ${networkMs} ${renderMs}`);
    assert.ok(Math.abs(serverMs + networkMs + renderMs - perceivedMs) < 1e-9);
  }), { numRuns: 1_000 });
});

test('requests are in no order', () => {
  fc.assert(fc.property(fc.uniqueArray(anySpan, { maxLength: 8, selector: (one) => `${one.startMs} ${one.endMs}` }), (spans) => {
    const [a, b] = [spans, spans.toReversed()].map((some) => attribute(some, EPOCH, 1_000));
    const near = (x: number | undefined, y: number | undefined): boolean => Math.abs((x ?? NaN) - (y ?? NaN)) < 1e-6;
    // Two that arrived in the same instant are equally good.
    const ends = spans.map((one) => one.endMs);
    if (new Set(ends).size === ends.length && spans.filter((one) => one.kind === 'document' || one.kind === 'stream').length < 2) {
      assert.ok(near(a?.serverMs, b?.serverMs) && near(a?.networkMs, b?.networkMs));
    }
  }));
});
