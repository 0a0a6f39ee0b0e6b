import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CodedError, type Fault } from '../errors.ts';
import type { Gate, Phase } from '../model/index.ts';
import type { DrillSurroundings } from './drill-checks.ts';
import { DrillsConfig } from './drill-config.ts';
import { askedDrillFiles, buildDrills, chosenDrills, keptPhases, readDrillFiles, withDrillGates, type BuiltDrills } from './drills.ts';

const GOOD = `title: Payment provider, total outage
hypothesis: Nobody is charged twice.
source: perf-6
method:
  - { from: 10s, for: 15s, cut: payments }
expect:
  breaker_opens_within: 10s
  recovers_within: 5s
  journeys:
    escrow checkout: { degraded: being confirmed }
    others: unaffected
`;

const PHASE: Phase = { name: 'payments-down', durationS: 45, arrivalRate: null, rampTo: null, arrivalCount: 90, pause: false };
const CONFIG = {
  files: ['payments-down.yml'],
  flags: 'embedded',
  dependencies: {
    payments: { toxiproxy: 'embedded', control: 'embedded', breaker: 'circuit_breaker_state{dependency="payments"}' },
    storage: { toxiproxy: 'embedded' },
  },
};
const AROUND: Omit<DrillSurroundings, 'dependencies' | 'flags'> = {
  phases: [PHASE], journeys: [{ name: 'escrow checkout', weight: 1 }, { name: 'signup', weight: 1 }], hasMetrics: true, embedded: true, hosts: [],
};

type Around = Partial<typeof AROUND> & { config?: object };

function build(t: TestContext, text: string, { config = CONFIG, ...around }: Around = {}, name = 'payments-down.yml'): BuiltDrills | null {
  const folder = mkdtempSync(join(tmpdir(), 'drills-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), text);
  const parsed = DrillsConfig.parse({ ...config, files: [name] });
  return buildDrills(readDrillFiles(parsed.files, (file) => join(folder, file)), parsed, { ...AROUND, ...around });
}

function refused(act: () => unknown): readonly Fault[] {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error));
    assert.equal(error.code, 'J_DRILL_INVALID');
    return error.faults;
  }
  throw new assert.AssertionError({ message: 'the drill was taken' });
}

test('a drill in a person\'s words becomes actions, expectations and gates', (t) => {
  const built = build(t, GOOD);
  const drill = built?.plan.drills[0];
  assert.deepEqual(drill?.actions, [{ kind: 'cut', dependency: 'payments', fromS: 10, forS: 15 }]);
  assert.deepEqual(drill?.expect.journeys, { 'escrow checkout': { kind: 'degraded', message: 'being confirmed' }, 'others': { kind: 'unaffected' } });
  assert.equal(drill?.expect.breaker, 'payments');
  assert.deepEqual(built?.gates.map(({ id, max, unit }) => [id, max, unit]), [
    ['payments-down-breaker-opens', 10, 's'], ['payments-down-recovers', 5, 's'],
    ['payments-down-journey-escrow-checkout', 0, 'users'], ['payments-down-journey-others', 0, 'users'],
  ]);
  assert.deepEqual(built?.plan.dependencies['storage'], { toxiproxy: 'embedded', proxy: 'storage', control: null, breakerMetric: null, transitionsMetric: null, requestsMetric: null });
  assert.match(built?.places.get('payments-down/0') ?? '', /payments-down\.yml:5:5 method\[0\]$/);
});

test('every kind of action is read, with lengths as people write them', (t) => {
  const config = { ...CONFIG, dependencies: { ...CONFIG.dependencies, model: { toxiproxy: 'http://127.0.0.1:8474', proxy: 'llm', control: 'http://127.0.0.1:9' } } };
  const text = GOOD.replace('  - { from: 10s, for: 15s, cut: payments }', `  - { from: 10s, for: 10, cut: payments }
  - { from: 10s, for: 1500ms, toxic: { dependency: model, type: latency, toxicity: 0.5, attributes: { latency: 900, jitter: 100 } } }
  - { from: 21s, for: 4s, provider: { dependency: payments, mode: rate-limit, retry_after: 2s } }
  - { from: 10s, for: 5s, flag: page-cache, enabled: false }
  - { from: 12s, kill_worker: true }
  - { from: 10s, for: 5s, command: [kubectl, scale, --replicas=0], undo: [kubectl, scale, --replicas=1] }
  - { from: 10s, for: 5s, http: { method: POST, url: 'http://127.0.0.1:1/x', headers: { a: '{{TOKEN}}' } } }`);
  const built = build(t, text.replace('expect:\n', 'expect:\n  breaker: payments\n'), { config });
  assert.deepEqual(built?.plan.drills[0]?.actions.map(({ kind, fromS, forS }) => [kind, fromS, forS]), [
    ['cut', 10, 10], ['toxic', 10, 1.5], ['provider', 21, 4], ['flag', 10, 5], ['kill-worker', 12, 5], ['command', 10, 5], ['http', 10, 5],
  ]);
  assert.deepEqual(built?.plan.drills[0]?.actions[2], {
    kind: 'provider', dependency: 'payments', fault: { mode: 'rate-limit', share: 1, retryAfterSeconds: 2 }, fromS: 21, forS: 4,
  });
  assert.deepEqual(built?.plan.dependencies['model'], { toxiproxy: 'http://127.0.0.1:8474', proxy: 'llm', control: 'http://127.0.0.1:9', breakerMetric: null, transitionsMetric: null, requestsMetric: null });
});

interface Wrong {
  what: string;
  replace?: [string, string];
  around?: Around;
  line: number;
  says: RegExp;
}

const CUT = '- { from: 10s, for: 15s, cut: payments }';

const WRONG: Wrong[] = [
  { what: 'an unknown dependency', replace: ['cut: payments', 'cut: paymets'], line: 5, says: /no dependency is named "paymets".*did you mean "payments"/ },
  { what: 'no dependency at all', around: { config: { files: ['payments-down.yml'] } }, line: 5, says: /none is configured/ },
  { what: 'overlapping faults on one dependency', replace: [CUT, `${CUT}\n  - { from: 20s, for: 2s, toxic: { dependency: payments, type: timeout } }`], line: 6, says: /overlaps with method\[0\], which is on the dependency "payments" too/ },
  { what: 'a fault that outlasts the run', replace: ['for: 15s', 'for: 40s'], line: 5, says: /lasts until 50 s, and its phase, with which the run ends, 45 s/ },
  { what: 'a fault that outlasts its phase', replace: ['for: 15s', 'for: 40s'], around: { phases: [PHASE, { ...PHASE, name: 'later' }] }, line: 5, says: /lasts until 50 s, and its phase 45 s/ },
  { what: 'a fault without a length', replace: [', for: 15s', ''], line: 5, says: /method\[0\]\.for: is missing/ },
  { what: 'a length that is none', replace: ['for: 15s', 'for: soon'], line: 5, says: /must be a length of time such as 10s, not "soon"/ },
  { what: 'a fault of no known kind', replace: ['cut: payments', 'cutt: payments'], line: 5, says: /must have one of cut, .*did you mean "cut"/ },
  { what: 'two faults in one entry', replace: ['cut: payments', 'cut: payments, kill_worker: true'], line: 5, says: /one fault an entry/ },
  { what: 'an unknown toxic', replace: ['cut: payments', 'toxic: { dependency: payments, type: latancy }'], line: 5, says: /must be one of "latency"/ },
  { what: 'an attribute that the toxic does not take', replace: ['cut: payments', 'toxic: { dependency: payments, type: latency, attributes: { delay: 5 } }'], line: 5, says: /the toxic latency does not take this.*latency, jitter/ },
  { what: 'a slow provider without a delay', replace: ['cut: payments', 'provider: { dependency: payments, mode: slow }'], line: 5, says: /"slow" needs "delay"/ },
  { what: 'a provider without a control API', replace: ['cut: payments', 'provider: { dependency: storage, mode: error-500 }'], line: 5, says: /the dependency "storage" has no "control"/ },
  { what: 'a flag where none can be set', replace: ['cut: payments', 'flag: page-cache, enabled: false'], around: { config: { ...CONFIG, flags: undefined } }, line: 5, says: /flags cannot be set here/ },
  { what: 'a key that is not one', replace: ['hypothesis:', 'hypotesis:'], line: 2, says: /is not a key here.*did you mean "hypothesis"/ },
  { what: 'no breaker metric', around: { config: { ...CONFIG, dependencies: { payments: { toxiproxy: 'embedded' } } } }, line: 7, says: /has no metric for its breaker/ },
  { what: 'no metrics page', around: { hasMetrics: false }, line: 7, says: /no metrics page of the target is read/ },
  { what: 'a breaker of nobody', replace: ['breaker_opens_within: 10s', 'breaker_opens_within: 10s\n  breaker: modle'], line: 8, says: /no dependency is named "modle"/ },
  { what: 'a limit that the fault is too short for', replace: ['breaker_opens_within: 10s', 'breaker_opens_within: 20s'], line: 7, says: /the fault lasts 15 s/ },
  { what: 'a limit that the phase is too short for', replace: ['recovers_within: 5s', 'recovers_within: 15s'], line: 8, says: /15 s and 6 s to prove it, and only 20 s are left/ },
  { what: 'requests without a metric', replace: ['recovers_within: 5s', 'requests_per_second: 9'], line: 7, says: /has no metric for its requests/ },
  { what: 'an unknown journey', replace: ['escrow checkout:', 'escrow chekout:'], line: 10, says: /no journey of this test is named "escrow chekout".*did you mean "escrow checkout"/ },
  { what: 'a journey with too few users in the fault', around: { journeys: [{ name: 'escrow checkout', weight: 1 }, { name: 'signup', weight: 19 }] }, line: 10, says: /only 1\.5 users of it are expected in the fault, and 3 are needed/ },
  { what: 'an expectation of no known kind', replace: ['others: unaffected', 'others: fine'], line: 11, says: /must be "unaffected", "may fail"/ },
  { what: 'too few users before the fault', replace: ['from: 10s, for: 15s', 'from: 1s, for: 10s'], line: 1, says: /only 1 user comes before the fault, and 5 are needed/ },
  { what: 'another target without addresses of its own', around: { embedded: false }, line: 5, says: /is the bundled platform's own, and another target is tested/ },
  { what: 'a Toxiproxy on a host that nobody allowed', around: { config: { ...CONFIG, dependencies: { payments: { ...CONFIG.dependencies.payments, toxiproxy: 'http://proxy.example.com:8474' } } } }, line: 5, says: /is on proxy\.example\.com.*DRILL_HOSTS=proxy\.example\.com/ },
  { what: 'a call with credentials in its address', replace: ['cut: payments }', 'http: { method: GET, url: "http://me:hidden@127.0.0.1/" } }'], line: 5, says: /must be an http\(s\) address without credentials/ },
  { what: 'an undo that is no address', replace: ['cut: payments }', 'http: { method: GET, url: "http://127.0.0.1/" }, undo: { method: GET, url: "ftp://x/" } }'], line: 5, says: /must be an http\(s\) address without credentials/ },
  { what: 'no phase of its name', around: { phases: [{ ...PHASE, name: 'payment-down' }] }, line: 1, says: /no phase is named "payments-down".*did you mean "payment-down"/ },
];

for (const { what, replace, around, line, says } of WRONG) {
  test(`refused at its line: ${what}`, (t) => {
    const text = replace ? GOOD.replace(...replace) : GOOD;
    if (replace) assert.notEqual(text, GOOD, 'the example holds what is to be replaced');
    const faults = refused(() => build(t, text, around));
    const told = faults.map(({ where, message, hint = '' }) => `${where}: ${message} ${hint}`);
    assert.ok(told.some((one) => says.test(one) && new RegExp(`payments-down\\.yml:${line}:`).test(one)), told.join('\n'));
  });
}

test('a drill that expects nothing that could fail is refused', (t) => {
  const text = GOOD.replace(/expect:[\s\S]*/, 'expect:\n  journeys:\n    others: may fail\n');
  assert.match(refused(() => build(t, text))[0]?.message ?? '', /expects nothing that could fail/);
});

test('all faults of a file are told at once, in the order of its lines', (t) => {
  const text = GOOD.replace('source: perf-6\n', '').replace('cut: payments', 'cut: nothing').replace('others: unaffected', 'others: 7');
  const faults = refused(() => build(t, text));
  assert.equal(faults.length, 2, JSON.stringify(faults));
  const both = refused(() => build(t, GOOD.replace('cut: payments', 'cut: nothing').replace('escrow checkout:', 'nobody:')));
  assert.deepEqual(both.map(({ where }) => Number(/yml:(\d+)/.exec(where)?.[1])), [5, 7, 10]);
});

test('a file that is not there, that is no YAML, or that is named as no drill can be is told with the others', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'drills-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'broken.yml'), 'title: [');
  writeFileSync(join(folder, 'Not A Name.yml'), GOOD);
  const { faults } = readDrillFiles(['gone.yml', 'broken.yml', 'Not A Name.yml', 'x/broken.yml'], (file) => join(folder, file.replace('x/', '')));
  const told = faults.map(({ where, message }) => `${where}: ${message}`).join('\n');
  assert.match(told, /gone\.yml: there is no such file/);
  assert.match(told, /broken\.yml:1/);
  assert.match(told, /lower-case letters, digits and dashes/);
  assert.match(told, /two drills are named "broken"/);
});

test('an allowed host is taken, and so is a target of one\'s own with addresses', (t) => {
  const payments = { toxiproxy: 'http://proxy.example.com:8474', breaker: 'state' };
  const built = build(t, GOOD, { embedded: false, hosts: ['proxy.example.com'], config: { files: ['x'], dependencies: { payments } } });
  assert.equal(built?.plan.dependencies['payments']?.toxiproxy, 'http://proxy.example.com:8474');
});

test('only the drills that were asked for stay, with their phases, and a wrong name is told', (t) => {
  const phases = [{ name: 'warm up' }, { name: 'a' }, { name: 'b' }];
  assert.deepEqual(keptPhases(phases, ['drills/a.yml', 'drills/b.yml'], ['b']), [true, false, true]);
  assert.deepEqual(keptPhases(phases, ['drills/a.yml', 'drills/b.yml'], undefined), [true, true, true]);
  assert.match(refused(() => keptPhases(phases, ['a.yml', 'bb.yml'], ['bbb']))[0]?.hint ?? '', /did you mean "bb"/);
  assert.match(refused(() => keptPhases(phases, [], ['a']))[0]?.hint ?? '', /no drills/);
  const folder = mkdtempSync(join(tmpdir(), 'drills-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'a.yml'), GOOD);
  const read = readDrillFiles(['a.yml'], (file) => join(folder, file));
  assert.deepEqual(chosenDrills(read, ['b']).read, []);
  assert.equal(chosenDrills(read, undefined).read.length, 1);
});

test('beside drills only gates of their own profile are judged, and those on payments', () => {
  const gate = (id: string, more: object): Gate => ({ id, metric: 'journey_error_rate', unit: '%', max: 1, source: 'test', ...more });
  const integrity = gate('money', { metric: 'integrity', breach: 'lost_payment', unit: 'breaches', max: 0 });
  const gates = [gate('everywhere', {}), gate('here', { profiles: ['drills'] }), integrity, gate('smoke', { ...integrity, id: 'smoke', profiles: ['smoke'] })];
  const kept = withDrillGates({ gates, gatesNotInProfile: ['other'] }, 'drills', []);
  assert.deepEqual(kept.gates.map(({ id }) => id), ['here', 'money']);
  assert.deepEqual(kept.gatesNotInProfile, ['other', 'everywhere', 'smoke']);
});

test('a script without drills has none, whatever else is wrong with it', () => {
  assert.deepEqual(askedDrillFiles(undefined), []);
  assert.deepEqual(askedDrillFiles({ files: 'x' }), []);
  assert.equal(buildDrills({ read: [], faults: [], texts: [] }, undefined, AROUND), null);
});
