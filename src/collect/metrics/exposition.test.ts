import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { NotAMetricsPage, PageParser, type MetricsPage } from './exposition.ts';

function parse(text: string, openMetrics = false): MetricsPage {
  const parser = new PageParser({ wanted: () => true, openMetrics });
  parser.push(text);
  return parser.end();
}
const plain = (page: MetricsPage): unknown[] =>
  page.samples.map(({ name, labels, value, timestampMs }) => [name, Object.fromEntries(labels), value, timestampMs]);

test('samples with labels, escapes, special values, time stamps and blanks are read as written', () => {
  assert.deepEqual(
    plain(
      parse(
        [
          '# HELP up Is it?\\nYes.',
          '# TYPE up gauge',
          'up 1',
          '',
          '# any words',
          'a:b_c{} 2.5e-3',
          'x{path="C:\\\\dir",msg="say \\"hi\\"\\n",other="a\\tb"} NaN 1700000000000',
          'x { a = "1" , b="}{#," , } +Inf',
          'x{a=""} -Inf',
          'crlf 7\r',
          '',
        ].join('\n'),
      ),
    ),
    [
      ['up', {}, 1, null],
      ['a:b_c', {}, 0.0025, null],
      ['x', { path: 'C:\\dir', msg: 'say "hi"\n', other: 'a\\tb' }, Number.NaN, 1_700_000_000_000],
      ['x', { a: '1', b: '}{#,' }, Infinity, null],
      ['x', { a: '' }, -Infinity, null],
      ['crlf', {}, 7, null],
    ],
  );
});

test('OpenMetrics: time stamps in seconds, exemplars passed over, the page ends where it says', () => {
  const page = parse(
    [
      '# TYPE x counter', 'x_total 17 1520879607.789 # {trace_id="a#b"} 0.67 1520879607.7',
      'x_bucket{le="1.0"} 3 # {} 0.5', '# EOF', '',
    ].join('\n'),
    true,
  );
  assert.deepEqual(plain(page), [
    ['x_total', {}, 17, 1_520_879_607_789],
    ['x_bucket', { le: '1.0' }, 3, null],
  ]);
  assert.equal(page.types.get('x'), 'counter');
  assert.throws(() => parse('x_total 17\n', true), /EOF/);
});

test('a page that was cut is refused: 12 may have been 123', () => {
  assert.throws(() => parse('a 1\nb 12'), NotAMetricsPage);
  assert.throws(() => parse('a 1\nb{c="d'), NotAMetricsPage);
});

test('what is no metrics page is refused', () => {
  for (const text of [
    '<!doctype html>\n<html></html>\n',
    '<html>',
    '{"status":"ok"}\n',
    '{\n  "a": 1\n}\n',
    '[]\n',
    'null\n',
    'OK\n',
    'hello world\n',
    '404 page not found\n',
    '"a" 1\n',
    'a 1 2 3\n',
    'a{b} 1\n',
    'a{b=c} 1\n',
    'a{b="c"\n',
    'a{b="c"} \n',
    'a-b 1\n',
    'a 1,5\n',
    'a 0x10\n',
    '1a 1\n',
    'a{"b"="c"} 1\n',
    'a{b="c"}} 1\n',
    '\u0000\u0001\u0002\n',
    'a\n1\n',
    'a{b="c" d="e"} 1\n',
    'a 1 # \n',
  ])
    assert.throws(() => parse(text), NotAMetricsPage, JSON.stringify(text));
});

test('an empty page, and one of comments only, are pages without series', () => {
  assert.deepEqual(plain(parse('')), []);
  assert.deepEqual(plain(parse('\n# nothing yet\n')), []);
});

test('a line that never ends is refused while it comes', () => {
  const parser = new PageParser({ wanted: () => true });
  assert.throws(() => {
    for (let i = 0; i < 100; i += 1) parser.push('a'.repeat(64_000));
  }, /does not end/);
});

test('only what is wanted is kept', () => {
  const parser = new PageParser({ wanted: (name) => name === 'b' });
  parser.push('# TYPE a gauge\n# TYPE b counter\na 1\nb 2\nb{c="d"} 3\n');
  const { samples, types } = parser.end();
  assert.deepEqual(
    samples.map(({ value }) => value),
    [2, 3],
  );
  assert.deepEqual([...types], [['b', 'counter']]);
});

const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/);
const sample = fc.record({
  name,
  labels: fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-zA-Z_]\w{0,6}$/), fc.string({ unit: 'binary' })), {
    maxLength: 4,
    selector: ([key]) => key,
  }),
  value: fc.double(),
  timestampMs: fc.option(fc.integer({ min: 0, max: 4e12 })),
});

test('any page that is written as the format says reads back the same, in whatever pieces it comes', () => {
  const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
  const write = (value: number): string =>
    Object.is(value, -0) ? '-0' : value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 8 }), fc.array(fc.nat(30), { minLength: 1 }), (samples, sizes) => {
      const text = samples
        .map((one) => {
          const labels = one.labels.map(([key, value]) => `${key}="${escape(value)}"`).join(',');
          const time = one.timestampMs === null ? '' : ` ${one.timestampMs}`;
          return `${one.name}${labels ? `{${labels}}` : ''} ${write(one.value)}${time}\n`;
        })
        .join('');
      const parser = new PageParser({ wanted: () => true });
      for (let at = 0, i = 0; at < text.length; i += 1) {
        const size = 1 + (sizes[i % sizes.length] as number);
        parser.push(text.slice(at, at + size));
        at += size;
      }
      assert.deepEqual(
        plain(parser.end()),
        samples.map((one) => [one.name, Object.fromEntries(one.labels), one.value, one.timestampMs]),
      );
    }),
    { seed: 4, numRuns: 300 },
  );
});

test('no text makes the parser do anything but read it or refuse it', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.stringMatching(/^[a{}="\\,# \n1.e+-]{0,60}$/)),
      (text) => {
        try {
          parse(text);
        } catch (error) {
          assert.ok(error instanceof NotAMetricsPage, String(error));
        }
      },
    ),
    { seed: 4, numRuns: 2_000 },
  );
});

test('a page of prom-client, in both formats, holds what went into it', async () => {
  for (const openMetrics of [false, true]) {
    const registry = new Registry();
    if (openMetrics) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const registers = [registry];
    new Gauge({ name: 'temperature', help: 'x', registers }).set(-3.5);
    new Counter({ name: 'jobs_total', help: 'x', labelNames: ['state'], registers }).inc({ state: 'a "b"\\\n' }, 3);
    new Histogram({ name: 'seconds', help: 'x', buckets: [0.1, 1], registers }).observe(0.5);
    const { samples } = parse(await registry.metrics(), openMetrics);
    const value = (wanted: string, le?: string): number | undefined =>
      samples.find(
        (one) =>
          one.name === wanted &&
          (le === undefined || Number(one.labels.get('le')?.replace('+Inf', 'Infinity')) === Number(le)),
      )?.value;
    assert.equal(value('temperature'), -3.5);
    assert.equal(value('jobs_total'), 3);
    assert.equal(samples.find((one) => one.name === 'jobs_total')?.labels.get('state'), 'a "b"\\\n');
    assert.deepEqual(
      [value('seconds_bucket', '0.1'), value('seconds_bucket', '1'), value('seconds_bucket', 'Infinity')],
      [0, 1, 1],
    );
  }
});
