import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import test from 'node:test';
import { CodedError } from '../errors.ts';
import type { Fault } from '../errors.ts';
import { readSlo } from './slo.ts';
import type { ReadSlo, SloContext } from './slo.ts';

const CONTEXT: SloContext = {
  profile: 'smoke',
  journeys: [{ name: 'signup', steps: ['submit signup'] }, { name: 'agent task' }],
};

function read(text: string, context = CONTEXT): ReadSlo {
  return readSlo(text, 'slo.yml', context);
}

function faultsOf(text: string, context = CONTEXT): Fault[] {
  try {
    read(text, context);
  } catch (thrown) {
    assert.ok(thrown instanceof CodedError && thrown.code === 'J_SLO_INVALID', String(thrown));
    return [...thrown.faults];
  }
  return assert.fail('the file was accepted');
}

const gate = (lines: string): string =>
  `version: 1\ngates:\n  - ${lines
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .join('\n    ')}\n`;
const GOOD = gate('id: a\nmetric: journey_error_rate\nunit: "%"\nmax: 5\nsource: test');

test('the slo.yml of this repository names journeys and steps that there are', async () => {
  const text = await readFile(new URL('../../slo.yml', import.meta.url), 'utf8');
  const folder = new URL('../../journeys/', import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.journey.ts'));
  const sources = await Promise.all(files.map((name) => readFile(new URL(name, folder), 'utf8')));
  const { gates } = readSlo(text, 'slo.yml', { profile: 'smoke' });
  assert.ok(gates.length > 10 && readSlo(text, 'slo.yml', { profile: 'load' }).gates.length > gates.length);
  for (const one of gates) {
    if (one.metric !== 'perceived_latency') continue;
    const source = sources.find((code) => code.includes(`name: '${one.journey}'`));
    assert.ok(source?.includes(`'${one.step}'`), `${one.id}: ${one.journey} › ${one.step}`);
  }
});

test('gates of other profiles are set aside by name', () => {
  const other = '{ id: b, metric: journey_error_rate, unit: "%", max: 0.1, source: test, profiles: [load] }';
  const text = `${GOOD}  - ${other}\n`;
  assert.deepEqual(
    read(text).gates.map((one) => one.id),
    ['a'],
  );
  assert.deepEqual(read(text).gatesNotInProfile, ['b']);
  assert.deepEqual([read(text).slo.confidence, read(text).slo.warm_up_phases], [0.95, []]);
});

test('each fault names its line, its key, what is wrong and what was probably meant', () => {
  const cases: [string, string, string, RegExp?][] = [
    [
      gate('id: a\nmetric: perceived_latncy'),
      '4:13 gates[0].metric',
      '"perceived_latncy" is not a metric',
      /did you mean "perceived_latency"/,
    ],
    [gate('id: a\nmetric: constructor'), '4:13 gates[0].metric', '"constructor" is not a metric', /known: /],
    [gate('id: a\nunit: ms'), '3:5 gates[0].metric', 'is missing', /known: perceived_latency, vital/],
    [
      gate('id: a\nmetric: journey_error_rate\nmax: 5\nsource: x'),
      '3:5 gates[0].unit',
      'is missing',
      /write unit: "%"/,
    ],
    [
      gate('id: a\nmetric: journey_error_rate\nmax: 5\nunit: ms\nsource: x'),
      '6:11 gates[0].unit',
      'must be "%", not "ms"',
    ],
    [
      gate('id: a\nmetric: journey_error_rate\nmax: 100\nunit: "%"\nsource: x'),
      '5:10 gates[0].max',
      'must be less than 100, not 100',
    ],
    [
      gate('id: a\nmetric: journey_error_rate\nmax: -1\nunit: "%"\nsource: x'),
      '5:10 gates[0].max',
      'must be at least 0, not -1',
    ],
    [
      gate('id: a\nmetric: journey_error_rate\nmax: 0\nunit: "%"\nsource: x'),
      '5:10 gates[0].max',
      'a limit of 0 % can never be shown by a sample; give one such as 0.1',
    ],
    [
      gate('id: a\nmetric: agent_success_rate\nmin: 100\nunit: "%"\nsource: x'),
      '5:10 gates[0].min',
      'a limit of 100 % can never be shown by a sample; give one such as 99.9',
    ],
    [
      gate('id: a\nmetric: journey_error_rate\nmax: ten\nunit: "%"\nsource: x'),
      '5:10 gates[0].max',
      'must be a number, not "ten"',
    ],
    [gate('id: a\nmetric: journey_error_rate\nmax:\nunit: "%"\nsource: x'), '5:9 gates[0].max', 'has no value'],
    [
      gate('id: a\nmetric: journey_error_rate\nmaximum: 5\nmax: 5\nunit: "%"\nsource: x'),
      '5:5 gates[0].maximum',
      'is not a key here',
      /known: |did you mean/,
    ],
    [
      gate('id: a\nmetric: journey_error_rate\nmax: 5\nunit: "%"\nsource: x\njourney: signpu'),
      '8:14 gates[0].journey',
      'no journey is named "signpu"',
      /did you mean "signup"/,
    ],
    [
      gate('id: a\nmetric: perceived_latency\nmax: 5\nunit: ms\nsource: x\njourney: signup\nstep: submit\nstat: p75'),
      '9:11 gates[0].step',
      '"signup" has no step "submit"',
      /submit signup/,
    ],
    [
      gate('id: a\nmetric: vital\nvital: CLS\nstat: p75\nmax: 11\nunit: score\nsource: x'),
      '7:10 gates[0].max',
      'must be at most 10, not 11',
    ],
    [
      gate('id: a\nmetric: vital\nvital: CLS\nstat: p75\nmax: 0.1\nunit: ms\nsource: x'),
      '8:11 gates[0].unit',
      'must be "score", not "ms"',
    ],
    [
      gate('id: a\nmetric: agent_completion\nstat: p100\nmax: 5\nunit: ms\nsource: x'),
      '5:11 gates[0].stat',
      'must be a percentile such as p75, p95 or p99.9, not "p100"',
    ],
    [
      gate('id: a\nmetric: vital\nvital: CSL\nstat: p75\nmax: 0.1\nunit: score\nsource: x'),
      '5:12 gates[0].vital',
      '"CSL" is not a vital',
      /did you mean "CLS"/,
    ],
    ['version: 2\ngates: []\n', '1:10 version', 'must be 1, not 2'],
    ['version: 1\ngates: []\n', '2:8 gates', 'must be a list of at least one gate'],
    ['version: 1\ngate: []\n', '2:1 gate', 'is not a key here', /did you mean "gates"/],
    ['just text', '1:1', 'must be a set of "key: value" lines, not "just text"'],
    [`${GOOD}  - nonsense\n`, '8:5 gates[1]', 'must be a gate ("id:", "metric:" and so on), not "nonsense"'],
  ];
  for (const [text, where, message, hint] of cases) {
    const fault = faultsOf(text).find((one) => one.where === `slo.yml:${where}`);
    assert.ok(fault, `no fault at ${where} but ${JSON.stringify(faultsOf(text))}`);
    assert.equal(fault.message, message);
    if (hint) assert.match(fault.hint ?? '', hint);
  }
});

test('all faults come in one go, in the order of the lines', () => {
  const faults = faultsOf(
    [
      'version: 1',
      'confidence: 95',
      'gates:',
      '  - { id: a, metric: nope }',
      '  - { id: a, metric: journey_error_rate, journey: signpu, max: 0 }',
    ].join('\n'),
  );
  assert.deepEqual(
    faults.map((fault) => fault.where.replace('slo.yml:', '')),
    [
      '2:13 confidence',
      '4:22 gates[0].metric',
      '5:5 gates[1].source',
      '5:5 gates[1].unit',
      '5:11 gates[1].id',
      '5:51 gates[1].journey',
    ],
  );
  assert.equal(faults[4]?.message, '"a" is taken already, by the gate at 4:11');
});

test('a gate that no known profile would judge is a fault, where the profiles are known', () => {
  const text = gate('id: a\nmetric: journey_error_rate\nunit: "%"\nmax: 5\nsource: test\nprofiles: [laod]');
  assert.deepEqual(read(text).gatesNotInProfile, ['a']);
  const [fault] = faultsOf(text, { ...CONTEXT, knownProfiles: ['smoke', 'load'] });
  assert.deepEqual([fault?.where, fault?.hint], ['slo.yml:8:15 gates[0].profiles', 'did you mean "load"?']);
});

test('files that are broken, hostile or no YAML at all are faults with a place, and never a stack', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
    .join('\n')}\n`;
  const cases: [string, string, RegExp][] = [
    ['empty', '', /empty/],
    ['only a comment', '# nothing\n', /empty/],
    ['duplicate key', 'version: 1\nversion: 1\n', /unique/],
    ['not closed', 'gates: [\n', /./],
    ['tab', 'gates:\n\t- id: a\n', /./],
    ['aliases that explode', bomb, /alias/i],
    ['unknown alias', 'a: *b\n', /alias/i],
    ['alias of itself', 'a: &a [*a]\n', /./],
    ['gates that contain themselves', 'version: 1\ngates: &a [*a]\n', /./],
    ['two documents', 'a: 1\n---\nb: 2\n', /document/],
    ['unknown tag', 'a: !!js/function "x"\n', /tag/i],
    ['deep', '['.repeat(50_000), /./],
    ['deep and closed', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, /./],
    ['huge', `a: ${'x'.repeat(300_000)}`, /larger than 256 KiB/],
    ['binary', 'a: \0', /not text/],
    ['prototype', '__proto__: { version: 1 }\n', /./],
  ];
  for (const [name, text, message] of cases) {
    const faults = faultsOf(text);
    assert.ok(faults.length > 0 && faults.length < 20, name);
    assert.match(faults[0]?.message ?? '', message, name);
    for (const fault of faults)
      assert.ok(/^slo\.yml/.test(fault.where) && !/\n/.test(fault.message), `${name}: ${JSON.stringify(fault)}`);
  }
});

test('what a name holds is shown as it is written, never acted on by the terminal', () => {
  const faults = faultsOf('version: 1\ngates:\n  - { id: a, metric: "a\\e[31m\\x9b2J\\u202e" }\n"k\\x9b2J": 1\n');
  assert.ok(faults.length === 2 && faults.every((fault) => !/[\p{Cc}\p{Cf}]/u.test(fault.where + fault.message)));
  assert.match(faults[0]?.message ?? '', /"a\\u001b\[31m\\u009b2J\\u202e" is not a metric/);
});

test('an alias of a gate keeps its place', () => {
  const text = 'version: 1\ngates:\n  - &a { id: a, metric: vital, unit: ms }\n  - *a\n';
  assert.ok(faultsOf(text).some((fault) => fault.where.startsWith('slo.yml:4') || fault.where.startsWith('slo.yml:3')));
});

test('validity is optional, and every fault in it is told with its line', () => {
  assert.equal(read(GOOD).slo.validity.min_healthy_percent, 80);
  const { validity } = read(`${GOOD}validity: { min_healthy_percent: 60, max_canary_excess_ms: 25 }\n`).slo;
  assert.deepEqual([validity.min_healthy_percent, validity.max_canary_excess_ms, validity.max_steal_percent], [60, 25, 10]);
  const wrong = [
    'validity:',
    '  min_healthy_percent: 120',
    '  max_canary_excess: 10',
    '  min_canary_samples: 1.5',
    '  max_steal_percent: few',
  ];
  const told = faultsOf(`${GOOD}${wrong.join('\n')}\n`).map(({ where, message, hint }) => `${where}: ${message} ${hint ?? ''}`);
  assert.equal(told.length, 4, told.join('\n'));
  assert.match(told[0] ?? '', /:9:\d+.*min_healthy_percent: must be at most 100, not 120/);
  assert.match(told[1] ?? '', /:10:\d+.*max_canary_excess: is not a key here.*max_canary_excess_(ms|percent)/);
  assert.match(told[2] ?? '', /:11:\d+.*min_canary_samples: must be a whole number, not 1.5/);
  assert.match(told[3] ?? '', /:12:\d+.*max_steal_percent: must be a number, not "few"/);
  assert.match(faultsOf(`${GOOD}validity: often\n`)[0]?.message ?? '', /must be a set of/);
});
