import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Kpi, type KpiScrape } from '../../model/index.ts';
import { AT_LEAST, NEEDS_TWO, NOTHING_HAPPENED } from '../../model/kpi-reading.ts';
import { PageParser } from './exposition.ts';
import { KpiReader } from './kpi-reader.ts';
import type { Reading } from './reading.ts';
import type { Scraped } from './scrape.ts';

const kpi = (scrape: object, scale = 1): Kpi =>
  Kpi.parse({ id: 'k', title: 'K', unit: 'u', source: 's', scale, scrape });
const WALL_MS = 1_700_000_000_000;

/** A page read at a second of the run. */
function page(atS: number, ...lines: string[]): Scraped {
  const parser = new PageParser({ wanted: () => true });
  parser.push(lines.map((line) => `${line}\n`).join(''));
  return { page: parser.end(), atMs: atS * 1_000 };
}
const failed = (missing = 'no answer: x refused the connection'): Scraped => ({ missing });

/** Returns what each round reads; a round is one scrape of each target. */
function read(scrape: object, rounds: Scraped[][], scale = 1): Reading[] {
  const reader = new KpiReader([kpi(scrape, scale)], 5_000);
  return rounds.map((round) => reader.read(round, WALL_MS).get('k') as Reading);
}
const values = (readings: Reading[]): (number | string | null)[] =>
  readings.map(({ value, missing }) => value ?? missing ?? null);

test('a gauge: the series of all targets are put together as said, and scaled', () => {
  const round = [page(0, 'x{a="1"} 4', 'x{a="2"} 2', 'y 100'), page(0, 'x{a="3"} 9')];
  assert.deepEqual(
    values(['sum', 'max', 'min', 'mean'].map((over) => read({ gauge: 'x', over }, [round], 2)[0] as Reading)),
    [30, 18, 4, 10],
  );
  assert.deepEqual(values(read({ gauge: 'x{a=~"1|2"}' }, [round])), [6]);
});

test('label matchers: = != =~ !~, whole values, a missing label is empty', () => {
  const round = [page(0, 'x{p="GET",s="200"} 1', 'x{p="GET",s="500"} 2', 'x{p="POST",s="204"} 4', 'x 8')];
  const cases: [string, number | string][] = [
    ['x{p="GET"}', 3],
    ['x{p!="GET"}', 12],
    ['x{s=~"2.."}', 5],
    ['x{s=~"2"}', 'not exposed: x'],
    ['x{s!~"2..",p!=""}', 2],
    ['x{p=""}', 8],
    ['x{p=~"GET|POST", s!="500",}', 5],
    ['x{s=~"\\\\d+"}', 7],
    ['x{}', 15],
  ];
  for (const [selector, expected] of cases)
    assert.deepEqual(values(read({ gauge: selector }, [round])), [expected], selector);
});

test('a selector that cannot be read is refused with its reason, before anything is read', () => {
  for (const selector of ['x{p=GET}', 'x{p="GET" s="1"}', 'x{"p"}', 'x{p=~"("}']) {
    const parsed = Kpi.shape.scrape.safeParse({ gauge: selector });
    assert.match(parsed.error?.message ?? '', /label matcher|regular expression/i, selector);
  }
});

test('a rate needs two scrapes, counts a reset from 0, and a series that began in between', () => {
  assert.deepEqual(
    values(
      read({ rate: 'c' }, [
        [page(0, 'c{a="1"} 100')],
        [page(5, 'c{a="1"} 150')],
        [page(10, 'c{a="1"} 20')],
        [page(15, 'c{a="1"} 20', 'c{a="2"} 30')],
        [page(20, 'c{a="1"} 20', 'c{a="2"} 30')],
      ]),
    ),
    [NEEDS_TWO, 10, 4, 6, 0],
  );
  assert.deepEqual(values(read({ rate: 'c', per: 'minute' }, [[page(0, 'c 0')], [page(5, 'c 1')]])), [NEEDS_TWO, 12]);
});

test('a failed scrape is no value, and the next one spans the gap', () => {
  assert.deepEqual(values(read({ rate: 'c' }, [[page(0, 'c 0')], [failed()], [page(10, 'c 50')]])), [
    NEEDS_TWO,
    'no answer: x refused the connection',
    5,
  ]);
});

test('after five minutes without a scrape a rate starts anew', () => {
  assert.deepEqual(values(read({ rate: 'c' }, [[page(0, 'c 0')], [page(301, 'c 50')], [page(306, 'c 60')]])), [
    NEEDS_TWO,
    NEEDS_TWO,
    2,
  ]);
});

test('of several targets one that fails makes a value missing, unless it has no part in it', () => {
  const rounds = [
    [page(0, 'c 0', 'x 1'), page(0, 'x 2')],
    [page(5, 'c 10', 'x 1'), failed('no answer: b')],
    [page(10, 'c 20', 'x 1'), page(10, 'x 3')],
  ];
  assert.deepEqual(values(read({ gauge: 'x' }, rounds)), [3, 'no answer: b', 4]);
  assert.deepEqual(values(read({ rate: 'c' }, rounds)), [NEEDS_TWO, 2, 2]);
  // Never read: nobody knows what part it has.
  assert.deepEqual(values(read({ gauge: 'x' }, [[page(0, 'x 1'), failed('no answer: b')]])), ['no answer: b']);
});

test('each target is taken over its own time', () => {
  const rounds = [
    [page(0, 'c 0'), page(0, 'c 0')],
    [page(5, 'c 50'), failed()],
    [page(10, 'c 100'), page(10, 'c 30')],
  ];
  assert.deepEqual(values(read({ rate: 'c' }, rounds)).at(-1), 13);
});

test('a ratio is of growth; without growth nothing happened, which is neither 0 nor 1', () => {
  const hits = (atS: number, hit: number, miss: number): Scraped[] => [
    page(atS, `r{result="hit"} ${hit}`, `r{result="miss"} ${miss}`),
  ];
  assert.deepEqual(
    values(
      read(
        { ratio: 'r{result="hit"}', to: 'r' },
        [hits(0, 90, 10), hits(5, 91, 13), hits(10, 91, 13), hits(15, 91, 14)],
        100,
      ),
    ),
    [NEEDS_TWO, 25, NOTHING_HAPPENED, 0],
  );
});

test('what is not on the page is not exposed, never 0', () => {
  for (const scrape of [
    { gauge: 'q' },
    { rate: 'q' },
    { ratio: 'q{r="hit"}', to: 'c' },
    { ratio: 'c', to: 'q' },
    { histogram: 'q', quantile: 0.5 },
  ]) {
    const [, second] = read(scrape, [[page(0, 'c 1')], [page(5, 'c 2')]]);
    assert.equal(second?.value, null);
    assert.match(second?.missing ?? '', /^not exposed: q/);
  }
});

test('a gauge is no counter; NaN and infinities are no values', () => {
  assert.deepEqual(
    values(read({ rate: 'g' }, [[page(0, '# TYPE g gauge', 'g 5')], [page(5, '# TYPE g gauge', 'g 3')]])).at(-1),
    'g is a gauge, not a counter',
  );
  assert.deepEqual(values(read({ gauge: 'g' }, [[page(0, 'g NaN')], [page(5, 'g +Inf')], [page(10, 'g 1')]])), [
    'not a number',
    'not a number',
    1,
  ]);
  assert.deepEqual(values(read({ rate: 'c' }, [[page(0, 'c NaN')], [page(5, 'c 4')], [page(10, 'c 9')]])), [
    NEEDS_TWO,
    'not a number',
    1,
  ]);
});

test('a series whose own time stamp is older than five minutes is stale', () => {
  assert.deepEqual(
    values(read({ gauge: 'x' }, [[page(0, `x ${1} ${WALL_MS - 299_000}`)], [page(5, `x 1 ${WALL_MS - 301_000}`)]])),
    [1, 'stale: x'],
  );
});

test('a series that stands twice on a page counts once', () => {
  assert.deepEqual(values(read({ gauge: 'x' }, [[page(0, 'x{a="1",b="2"} 3', 'x{b="2",a="1"} 3')]])), [3]);
});

const buckets = (atS: number, counts: Record<string, number>): Scraped =>
  page(
    atS,
    '# TYPE d histogram',
    ...Object.entries(counts).map(([le, count]) => `d_bucket{le="${le}"} ${count}`),
    'd_sum 1',
    'd_count 1',
  );

test('a quantile is that of the growth between two scrapes, interpolated within its bucket', () => {
  const before = { '0.1': 1_000, '0.5': 1_000, '+Inf': 1_000 };
  const rounds = [[buckets(0, before)], [buckets(5, { '0.1': 1_010, '0.5': 1_020, '+Inf': 1_020 })]];
  assert.deepEqual(values(read({ histogram: 'd', quantile: 0.75 }, rounds)), [NEEDS_TWO, 0.30000000000000004]);
  assert.deepEqual(values(read({ histogram: 'd_bucket', quantile: 0.25 }, rounds, 1_000)).at(-1), 50);
  assert.deepEqual(
    values(read({ histogram: 'd', quantile: 0.5 }, [[buckets(0, before)], [buckets(5, before)]])).at(-1),
    NOTHING_HAPPENED,
  );
});

test('above the highest finite edge only a lower bound is known, and said to be one', () => {
  const rounds = [[buckets(0, { '0.1': 0, '0.5': 0, '+Inf': 0 })], [buckets(5, { '0.1': 1, '0.5': 2, '+Inf': 10 })]];
  assert.deepEqual(read({ histogram: 'd', quantile: 0.95 }, rounds).at(-1), { value: 0.5, missing: AT_LEAST });
});

test('a histogram without +Inf, or with that alone, has no quantile', () => {
  for (const counts of [{ '0.1': 5, '0.5': 9 }, { '+Inf': 9 }]) {
    const zero = Object.fromEntries(Object.keys(counts).map((le) => [le, 0]));
    const reading = read({ histogram: 'd', quantile: 0.5 }, [[buckets(0, zero)], [buckets(5, counts)]]).at(-1);
    assert.equal(reading?.value, null);
    assert.match(reading?.missing ?? '', /bucket/);
  }
});

test('against brute force: any counters, with resets, gaps and targets, grow by what was counted in sight', () => {
  // What happens between two scrapes: events counted, or a restart and then events counted anew.
  const step = fc.record({ events: fc.nat(1_000), restart: fc.boolean(), fails: fc.boolean() });
  fc.assert(
    fc.property(fc.array(fc.array(step, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 3 }), (targets) => {
      const state = targets.map(() => ({ counter: 0, lastReadS: null as number | null, lastValue: 0 }));
      const rounds: Scraped[][] = [];
      const expected: (number | null)[] = [];
      for (let i = 0; i < 6; i += 1) {
        let rate: number | null = 0;
        rounds.push(
          targets.map((steps, index) => {
            const one = state[index] as (typeof state)[number];
            const { events, restart, fails } = steps[i] as (typeof steps)[number];
            one.counter = restart ? events : one.counter + events;
            if (fails) {
              rate = null;
              return failed();
            }
            const seen = one.counter < one.lastValue ? one.counter : one.counter - one.lastValue;
            if (one.lastReadS === null) rate = null;
            else if (rate !== null) rate += seen / (5 * i - one.lastReadS);
            Object.assign(one, { lastReadS: 5 * i, lastValue: one.counter });
            return page(5 * i, `c{t="${index}"} ${one.counter}`);
          }),
        );
        expected.push(rate);
      }
      read({ rate: 'c' }, rounds).forEach(({ value }, i) => {
        const wanted = expected[i] ?? null;
        if (wanted === null || value === null) assert.equal(value, wanted);
        else assert.ok(Math.abs(value - wanted) <= 1e-9 * Math.max(1, wanted), `${value} for ${wanted}`);
      });
    }),
    { seed: 4, numRuns: 300 },
  );
});

test('only metrics of the KPIs are wanted from a page', () => {
  const forms: KpiScrape[] = [
    { gauge: 'g{a="b"}', over: 'sum' },
    { ratio: 'r', to: 's' },
    { histogram: 'h', quantile: 0.5 },
  ];
  const reader = new KpiReader(
    forms.map((scrape, index) => ({ ...kpi(scrape), id: `k${index}` })),
    1_000,
  );
  assert.deepEqual(['g', 'r', 's', 'h_bucket', 'h', 'h_sum', 'x'].map(reader.wanted), [
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
