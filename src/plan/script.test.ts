import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../errors.ts';
import type { Phase } from '../model/index.ts';
import { effectivePhases, expectedArrivals, readScript, toSeconds } from './script.ts';
import { parseYaml, type YamlFile } from './yaml.ts';

const KNOWN = ['signup', 'escrow checkout', 'agent task'];

function yaml(text: string, name = 'journeys.yml'): YamlFile {
  const parsed = parseYaml(text, name);
  assert.ok('file' in parsed, JSON.stringify(parsed));
  return parsed.file;
}

function read(text: string): ReturnType<typeof readScript> {
  const file = yaml(text);
  return readScript(file.value, [file], KNOWN);
}

function refused(text: string): CodedError {
  try {
    read(text);
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'the script was taken' });
}

const PHASES = 'config:\n  phases:\n    - { name: steady, duration: 60, arrivalRate: 2 }\n';
const SCENARIOS = 'scenarios:\n  - { engine: playwright, testFunction: signup }\n';

test('a small script gives its phases, its journeys and the defaults', () => {
  const { config, phases, journeys } = read(PHASES + SCENARIOS);
  assert.deepEqual(phases, [{ name: 'steady', durationS: 60, arrivalRate: 2, rampTo: null, arrivalCount: null, pause: false }]);
  assert.deepEqual(journeys, [{ name: 'signup', weight: 1 }]);
  assert.deepEqual(config.observers, { share: 0.5, max: 12 });
  assert.equal(config.slo, 'slo.yml');
});

test('a profile weighs journeys in place of the script, and only those that there are', () => {
  const scenarios = `${SCENARIOS}  - { engine: playwright, testFunction: agent task, weight: 2 }\n`;
  const { journeys } = read(`${PHASES}  plugins: { journeys: { weights: { signup: 0, agent task: 5 } } }\n${scenarios}`);
  assert.deepEqual(journeys, [{ name: 'signup', weight: 0 }, { name: 'agent task', weight: 5 }]);
  const { faults } = refused(`${PHASES}  plugins: { journeys: { weights: { agnet task: 5 } } }\n${scenarios}`);
  assert.deepEqual(faults.map(({ message, hint }) => `${message} (${hint})`), ['no scenario is of a journey named "agnet task" (did you mean "agent task"?)']);
  const replay = 'replay: {}, weights: { replayed visit: 5 }';
  const visits = `${PHASES}  plugins: { journeys: { ${replay} } }\nscenarios: [{ name: replayed visit, engine: playwright, testFunction: replayed visit, weight: 0 }]`;
  assert.match(refused(visits).faults.map(({ message }) => message).join(), /needs a scenario of weight 0/);
});

test('all faults are told at once, each with its line', () => {
  const error = refused([
    'config:',
    '  plugins:',
    '    journeys: { observers: { share: 2 }, stepDeadlineSeconds: -1 }',
    '  phases:',
    '    - { name: a, duration: soon, arrivalRate: 1 }',
    '    - { name: a, duration: 10 }',
    'scenarios:',
    '  - { engine: http, testFunction: signup, weight: 1.5 }',
    '  - { engine: playwright }',
    '  - { engine: playwright, testFunction: signup }',
    '  - { engine: playwright, testFunction: singup }',
  ].join('\n'));
  assert.equal(error.code, 'J_SCRIPT_INVALID');
  const lines = error.faults.map(({ where }) => Number(/^journeys\.yml:(\d+):/.exec(where)?.[1])).sort((a, b) => a - b);
  assert.deepEqual(lines, [3, 3, 5, 6, 6, 8, 8, 9, 10, 11]);
});

test('unknown journeys alone have their own code, the line, and the name that was probably meant', () => {
  const error = refused(`${PHASES}scenarios:\n  - { engine: playwright, testFunction: singup }\n  - { engine: playwright, testFunction: zzzz }\n`);
  assert.equal(error.code, 'J_JOURNEY_UNKNOWN');
  assert.deepEqual(error.faults.map(({ where, hint }) => [/:(\d+):/.exec(where)?.[1], hint]), [
    ['5', 'did you mean "signup"?'],
    ['6', 'known: signup, escrow checkout, agent task'],
  ]);
});

test('a rate that is no whole number is refused with the way that gives any rate', () => {
  const error = refused(`config:\n  phases:\n    - { name: a, duration: 60, arrivalRate: 0.5 }\n${SCENARIOS}`);
  assert.match(error.faults[0]?.where ?? '', /^journeys\.yml:3:/);
  assert.match(error.faults[0]?.hint ?? '', /use arrivalCount/);
});

const SHAPES: [why: string, text: string, message: RegExp][] = [
  ['there are no scenarios', PHASES, /no scenarios/],
  ['scenarios are no list', `${PHASES}scenarios: signup\n`, /no scenarios/],
  ['a scenario is empty', `${PHASES}scenarios:\n  -\n`, /engine|names no journey/],
  ['a scenario is a word', `${PHASES}scenarios:\n  - signup\n`, /engine|names no journey/],
  ['there are no phases', `config: {}\n${SCENARIOS}`, /no phases/],
  ['there is no config', SCENARIOS, /no phases/],
  ['a phase is empty', `config:\n  phases:\n    -\n${SCENARIOS}`, /needs a duration/],
  ['a phase is a word', `config:\n  phases:\n    - steady\n${SCENARIOS}`, /needs a duration/],
  ['the file is a list', '- a\n', /no scenarios/],
  ['the file is a word', 'hello\n', /no scenarios/],
  ['a key of the plugin is unknown', `config:\n  plugins: { journeys: { observer: 1 } }\n  phases:\n    - { duration: 1, arrivalRate: 1 }\n${SCENARIOS}`, /observer/],
];

for (const [why, text, message] of SHAPES) {
  test(`a script is refused, not thrown over, when ${why}`, () => {
    const error = refused(text);
    assert.equal(error.code, 'J_SCRIPT_INVALID');
    assert.ok(error.faults.some((fault) => message.test(fault.message)), JSON.stringify(error.faults));
  });
}

test('a phase without a name gets one by its place, and a pause needs no arrivals', () => {
  const { phases } = read(`config:\n  phases:\n    - { duration: 10, arrivalCount: 5 }\n    - { pause: 30s }\n${SCENARIOS}`);
  assert.deepEqual(phases.map(({ name, durationS, pause }) => ({ name, durationS, pause })), [
    { name: 'phase 1', durationS: 10, pause: false },
    { name: 'phase 2', durationS: 30, pause: true },
  ]);
});

const DURATIONS: [unknown, number | null][] = [
  [60, 60], ['60', 60], ['90s', 90], ['2m', 120], ['1.5h', 5_400], ['2 minutes', 120], ['1 hour', 3_600], ['1d', 86_400], ['500ms', 0.5], ['500 msecs', 0.5], ['3hrs', 10_800],
  ['10 sec', 10], ['soon', null], ['', null], [null, null], [undefined, null], ['-5', null], [Number.NaN, null], [Infinity, null], ['5 parsecs', null],
];

for (const [written, seconds] of DURATIONS) {
  test(`a duration written ${JSON.stringify(written) ?? 'not at all'} is ${seconds === null ? 'none' : `${seconds} s`}`, () => {
    assert.equal(toSeconds(written), seconds);
  });
}

test("a profile's phases replace the script's, with the values that Artillery resolved", () => {
  // What Artillery makes of a script with two phases and a profile with one: merged place by place.
  const merged = [{ name: 'short', duration: 15, arrivalRate: 1, arrivalCount: 25 }, { name: 'smoke', duration: 100, arrivalCount: 160 }];
  const profile = { config: { phases: [{ name: 'short', duration: '{{ $env.D }}', arrivalCount: 25 }] } };
  assert.deepEqual(effectivePhases(merged, profile), [{ name: 'short', duration: 15, arrivalCount: 25 }]);
});

test("a profile without phases leaves the script's as they are", () => {
  const merged = [{ name: 'smoke', duration: 100, arrivalCount: 160 }];
  assert.equal(effectivePhases(merged, { config: {} }), merged);
  assert.equal(effectivePhases(merged, undefined), merged);
  assert.equal(effectivePhases(merged, null), merged);
});

test('expected arrivals add up counts, rates and ramps, and skip pauses', () => {
  const phase = { name: '', arrivalRate: null, rampTo: null, arrivalCount: null, pause: false };
  const phases: Phase[] = [
    { ...phase, durationS: 10, arrivalRate: 1 },
    { ...phase, durationS: 10, arrivalRate: 1, rampTo: 3 },
    { ...phase, durationS: 100, arrivalCount: 7 },
    { ...phase, durationS: 60, pause: true },
  ];
  assert.equal(expectedArrivals(phases), 10 + 20 + 7);
});

test('a fault is placed in the file that holds it: the profile for its phases, the script for the rest', () => {
  const script = yaml(`${PHASES}scenarios:\n  - { engine: playwright, testFunction: nobody }\n`);
  const profile = yaml('config:\n  phases:\n    - { name: short, duration: 15, arrivalRate: 1.5 }\n', 'short.yml');
  const merged = { ...(script.value as object), config: (profile.value as { config: object }).config };
  assert.throws(() => readScript(merged, [script, profile], KNOWN), (error: CodedError) => {
    assert.deepEqual(error.faults.map(({ where }) => where.split(' ')[0]), ['short.yml:3:49', 'journeys.yml:5:41']);
    return true;
  });
});

test('phases that Artillery would play otherwise than they read are refused, and random ones are known', () => {
  const script = (phase: object, config: object = {}): object => ({
    config: { phases: [phase], ...config }, scenarios: [{ engine: 'playwright', testFunction: 'signup' }],
  });
  const refusal = (phase: object, config?: object): string => {
    try {
      readScript(script(phase, config), [], ['signup']);
      return 'none';
    } catch (error) {
      return (error as { faults: { message: string }[] }).faults.map((fault) => fault.message).join('; ');
    }
  };
  assert.match(refusal({ duration: 10, arrivalRate: 2, maxVusers: 5 }), /skips the users above it in silence/);
  assert.match(refusal({ duration: '500ms', arrivalRate: 1 }), /would never end this phase/);
  assert.match(refusal({ duration: 10, arrivalRate: 1, mode: 'gaussian' }), /mode is "gaussian"/);
  const phaseOf = (phase: object, config?: object) => readScript(script(phase, config), [], ['signup']).phases[0];
  assert.equal(phaseOf({ duration: 10, arrivalRate: 1, mode: 'poisson' })?.poisson, true);
  assert.equal(phaseOf({ duration: 10, arrivalRate: 1 }, { mode: 'poisson' })?.poisson, true);
  assert.equal(phaseOf({ duration: 10, arrivalCount: 5 }, { mode: 'poisson' })?.poisson, undefined);
});

const ALONE = 'config:\n  phases:\n    - { name: steps, duration: 30, arrivalCount: 1 }\n';

test('a test of the API alone has phases without users, and without its traffic is a fault', () => {
  const { phases, journeys, config } = read(`${ALONE}  plugins: { journeys: { browsers: false, api: { share: 0.5 } } }\n${SCENARIOS}`);
  assert.deepEqual(phases, [{ name: 'steps', durationS: 30, arrivalRate: null, rampTo: null, arrivalCount: null, pause: true }]);
  assert.deepEqual([journeys.length, config.api?.share], [1, 0.5]);
  const [fault] = refused(`${ALONE}  plugins: { journeys: { browsers: false } }\n${SCENARIOS}`).faults;
  assert.match(`${fault?.where} ${fault?.message}`, /^journeys\.yml:4:.*nothing would be sent/);
});

test('phases of pauses alone are a fault, since Artillery starts nothing for them', () => {
  const pauses = 'config:\n  phases:\n    - { name: steps, pause: 30 }\n';
  const [fault] = refused(`${pauses}  plugins: { journeys: { api: { share: 0.5 } } }\n${SCENARIOS}`).faults;
  assert.match(`${fault?.where} ${fault?.message} ${fault?.hint}`, /^journeys\.yml:3:.*only pauses.*"browsers: false"/);
});

test("a fault in the plugin's settings is placed in the file that has them, not in a profile that only has others", () => {
  const script = yaml(`${PHASES}  plugins:\n    journeys:\n      api: { phases: { steady: 1, staedy: 2 }, share: -1 }\n${SCENARIOS}`);
  const profile = yaml('config:\n  plugins: { journeys: { profile: other } }\n', 'profile.yml');
  assert.throws(() => readScript(script.value, [script, profile], KNOWN), (error: CodedError) => {
    assert.deepEqual(error.faults.map(({ where, hint }) => [where.split(' ')[0], hint]), [
      ['journeys.yml:6:55', undefined], ['journeys.yml:6:43', 'did you mean "steady"?'],
    ]);
    return true;
  });
});

test('metrics come from the target or from addresses without credentials', () => {
  const metrics = (text: string): string => `${PHASES}  plugins: { journeys: { metrics: ${text} } }\n${SCENARIOS}`;
  assert.deepEqual(read(metrics('{}')).config.metrics, { urls: ['target'], everySeconds: 5 });
  for (const wrong of ['{ urls: [] }', '{ urls: [localhost] }', '{ urls: ["http://a:b@c"] }', '{ prometheus: up }', '{ everySeconds: 0 }', '{ url: target }', '5']) {
    assert.equal(refused(metrics(wrong)).faults.length, 1, wrong);
  }
});
