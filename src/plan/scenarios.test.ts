import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CodedError, type Fault } from '../errors.ts';
import { ApiScenario, ApiSession } from '../model/index.ts';
import { readScenarios, type ReadScenarios } from './scenarios.ts';

type Json = Record<string, unknown>;

const GET = { path: '/a', method: 'GET', weight: 1 };
const scenario = (entries: unknown[], more: Json = {}): Json => ({ name: 'S', target_vus: 5, endpoints: entries, ...more });
const file = (entries: unknown[], more: Json = {}): Json => ({ scenarios: [scenario(entries)], ...more });
const SESSIONS = {
  requests: [{ path: '/login', method: 'POST', body: { email: '{{email}}' }, capture: { token: 'token' } }],
  headers: { authorization: 'Bearer {{token}}' },
};

const read = (value: unknown, routes?: string[]): ReadScenarios => readScenarios(JSON.stringify(value, null, 1), 's.json', routes);

function refusedText(text: string): Fault[] {
  try {
    readScenarios(text, 's.json');
  } catch (error) {
    assert.ok(error instanceof CodedError && error.code === 'J_SCENARIOS_INVALID', String(error));
    assert.equal(error.exitCode, 3);
    return [...error.faults];
  }
  return assert.fail('the file was taken');
}

const refused = (value: unknown): Fault[] => refusedText(JSON.stringify(value, null, 1));
const told = (faults: readonly Fault[]): string => faults.map(({ where, message, hint }) => `${where}: ${message} (${hint ?? ''})`).join('\n');

/** As Task 85 prints it, 85.1. */
const SEED = {
  project_name: 'OpenShow AI Creator Collaboration',
  test_tool: 'k6/JMeter',
  staging_url: 'https://api.staging.openshow.com',
  global_vus: 200,
  global_duration: '10m',
  scenarios: [
    {
      name: 'S_01_Discovery_Read_Heavy', type: 'Spike/Stress', target_vus: 150,
      endpoints: [
        { path: '/api/v1/creators', method: 'GET', weight: 60, params: ['q=video&verified=true', 'skill=prompt-engineer'], slo_p95_ms: 50 },
        { path: '/api/v1/search/suggestions', method: 'GET', weight: 40, params: ['q=promp'], slo_p95_ms: 30 },
      ],
    },
    {
      name: 'S_02_Auth_Profile_Read', type: 'Load/Soak', target_vus: 50,
      endpoints: [
        { path: '/api/v1/auth/me', method: 'GET', weight: 70, slo_p95_ms: 100 },
        { path: '/api/v1/projects', method: 'GET', weight: 30, slo_p95_ms: 150 },
      ],
    },
    {
      name: 'S_03_Critical_Write_Contention', type: 'Contention/Stress', target_vus: 10,
      endpoints: [
        { path: '/api/v1/auth/signup', method: 'POST', weight: 30, slo_p95_ms: 250, data_type: 'unique_email' },
        { path: '/api/v1/projects', method: 'POST', weight: 70, slo_p95_ms: 350, data_type: 'unique_project' },
      ],
    },
  ],
};

test("Task 85's own file is read as it is: one arrival a second for each user, sessions where its API wants them", () => {
  const { scenarios, session } = read(SEED);
  assert.deepEqual(scenarios.map(({ name, ratePerSecond, users }) => [name.slice(0, 4), ratePerSecond, users]), [['S_01', 150, 0], ['S_02', 50, 50], ['S_03', 10, 10]]);
  assert.deepEqual(scenarios.flatMap(({ flows }) => flows).map(({ weight, requests: [one] }) => [weight, one?.route, one?.session, one?.sloP95Ms]), [
    [60, 'GET /api/v1/creators', false, 50], [40, 'GET /api/v1/search/suggestions', false, 30],
    [70, 'GET /api/v1/auth/me', true, 100], [30, 'GET /api/v1/projects', true, 150],
    [30, 'POST /api/v1/auth/signup', false, 250], [70, 'POST /api/v1/projects', true, 350],
  ]);
  assert.deepEqual(scenarios[2]?.flows.map(({ requests: [one] }) => one?.body), [
    { name: '{{name}}', email: '{{email}}', password: '{{password}}' },
    { title: '{{title}}', details: '{{details}}', amountCents: '{{amountCents}}' },
  ]);
  assert.deepEqual(session?.requests.map(({ route }) => route), ['POST /api/v1/auth/signup', 'POST /api/v1/auth/login']);
  assert.deepEqual(session?.headers, { authorization: 'Bearer {{token}}' });
});

test("the repository's file keeps Task 85's keys and numbers, and covers its four scenarios at their rates", () => {
  const text = readFileSync(new URL('../../config/loadtests/scenarios.json', import.meta.url), 'utf8');
  const { scenarios, session } = readScenarios(text, 'scenarios.json');
  scenarios.forEach((one) => ApiScenario.parse(one));
  ApiSession.parse(session);
  assert.deepEqual(scenarios.map((one) => one.ratePerSecond), [200, 50, 5, 1]);
  const routes = scenarios.flatMap(({ flows }) => flows.flatMap(({ requests }) => requests.map(({ route, sloP95Ms }) => `${route} ${sloP95Ms}`)));
  for (const route of ['GET /api/v1/projects/:id 150', 'POST /api/v1/payments/escrow/lock 500', 'POST /api/v1/payments/escrow/release 500']) assert.ok(routes.includes(route), route);
  const raw = JSON.parse(text) as typeof SEED;
  for (const [index, seed] of SEED.scenarios.entries()) {
    const own = raw.scenarios[index] as unknown as Json;
    const { endpoints, ...rest } = seed;
    for (const [key, value] of Object.entries(rest)) assert.deepEqual(own[key], value, key);
    for (const [place, endpoint] of endpoints.entries()) {
      assert.deepEqual({ ...(own['endpoints'] as Json[])[place], ...endpoint }, (own['endpoints'] as Json[])[place]);
    }
  }
  const { scenarios: _, ...frame } = SEED;
  assert.deepEqual({ ...raw, ...frame }, raw);
});

test("the repository's provider scenarios are read by the same rules", () => {
  const { scenarios, session } = readScenarios(readFileSync(new URL('../../config/loadtests/provider-scenarios.json', import.meta.url), 'utf8'), 'p.json');
  assert.deepEqual(scenarios.map(({ name, ratePerSecond, users }) => [name, ratePerSecond, users]), [['S_05_Provider_Workflows', 20, 20]]);
  assert.ok(session);
  const flows = scenarios[0]?.flows ?? [];
  assert.deepEqual(flows.map(({ weight, requests }) => [weight, requests.map(({ route }) => route)]), [
    [70, ['GET /api/v1/listings']], [10, ['POST /api/v1/listings/sync']],
    [20, ['POST /api/v1/projects', 'POST /api/v1/payments/escrow/lock', 'POST /api/v1/funding/verify', 'POST /api/v1/payments/escrow/release']],
  ]);
});

test('a sequence is one flow, its later requests know what earlier ones captured, and the user is the same', () => {
  const sequence = [
    { path: '/p', method: 'POST', data_type: 'unique_project', capture: { id: 'project.id' } },
    { path: '/p/{{id}}/lock', method: 'POST', body: { intent: 'i-{{id}}', of: ['{{token}}'] }, session: true },
  ];
  const { scenarios } = read({ ...file([{ weight: 2, sequence }]), sessions: SESSIONS });
  const [flow] = scenarios[0]?.flows ?? [];
  assert.equal(flow?.weight, 2);
  assert.deepEqual(flow?.requests.map(({ route, session, capture }) => [route, session, capture]), [
    ['POST /p', false, { id: 'project.id' }], ['POST /p/:id/lock', true, {}],
  ]);
});

test('a session is the word of the request, else of its scenario; accounts are as many as users, a hundred at most unasked', () => {
  const own = { ...GET, path: '/b', session: false };
  const users = (more: Json): number | undefined => read({ sessions: SESSIONS, scenarios: [scenario([GET, own], more)] }).scenarios[0]?.users;
  const { scenarios, session } = read({ sessions: SESSIONS, scenarios: [scenario([GET, own], { session: true })] });
  assert.deepEqual(scenarios[0]?.flows.map(({ requests: [one] }) => one?.session), [true, false]);
  assert.ok(session);
  assert.deepEqual([users({ session: true }), users({ session: true, target_vus: 5_000 }), users({ session: true, target_vus: 5_000, users: 300 }), users({})], [5, 100, 300, 0]);
  assert.equal(read({ sessions: SESSIONS, scenarios: [scenario([GET])] }).session, null);
});

const ROUTES: [path: string, route: string][] = [
  ['/api/v1/projects/{{projectId}}', 'GET /api/v1/projects/:id'],
  ['/files/{{uuid}}.pdf', 'GET /files/:id'],
  ['/find/{{title}}', 'GET /find/:slug'],
  ['/find/fixed', 'GET /find/:slug'],
  ['/find/{{title}}/more', 'GET /find/:id/more'],
  ['/', 'GET /'],
];
for (const [path, route] of ROUTES) {
  test(`${path} has the route that browsers' requests have: ${route}`, () => {
    const entry = { path: path.replace('projectId', 'uuid'), method: 'GET', weight: 1 };
    assert.equal(read(file([entry]), ['/other/:more', '/find/:slug']).scenarios[0]?.flows[0]?.requests[0]?.route, route);
  });
}

test('a weight of 0 leaves an endpoint out, and fractions are weights', () => {
  const { scenarios } = read(file([{ ...GET, weight: 0.25 }, { ...GET, weight: 0 }]));
  assert.deepEqual(scenarios[0]?.flows.map(({ weight }) => weight), [0.25]);
});

const endpoint = (more: Json): Json => file([{ ...GET, ...more }]);
const BAD: [why: string, value: unknown, message: RegExp][] = [
  ['a weight is negative', endpoint({ weight: -1 }), /endpoints\.\[?0\]?\.?weight|endpoints\[0\]\.weight: must be at least 0, not -1/],
  ['a weight is text', endpoint({ weight: '60' }), /weight: must be a number, not "60"/],
  ['a weight is missing', file([{ path: '/a', method: 'GET' }]), /weight: is missing/],
  ['a weight is null', endpoint({ weight: null }), /weight: has no value/],
  ['all weights are 0', file([{ ...GET, weight: 0 }, { ...GET, weight: 0 }]), /scenarios\[0\]\.endpoints: all weights are 0/],
  ['a method is unknown', endpoint({ method: 'GRAB' }), /method: must be one of "GET", .*known: GET, POST/],
  ['a method is in small letters', endpoint({ method: 'get' }), /did you mean "GET"/],
  ['a path has a space', endpoint({ path: '/a b' }), /path: has a space: "\/a b"/],
  ['a path has a line break', endpoint({ path: '/a\nHost: x' }), /path: has a space/],
  ['a path does not begin with a slash', endpoint({ path: 'a' }), /path: must begin with \/, not "a"/],
  ['a path is empty', endpoint({ path: '' }), /path: must begin with/],
  ['a path is an address', endpoint({ path: 'https://example.com/a' }), /path: names a host/],
  ['a path begins with a host', endpoint({ path: '//example.com/a' }), /path: names a host/],
  ['a path has a query', endpoint({ path: '/a?b=1' }), /path: has a query or a fragment/],
  ['a path has letters that need encoding', endpoint({ path: '/ä' }), /path: has characters that must be percent-encoded/],
  ['a path has a percent sign alone', endpoint({ path: '/100%' }), /percent-encoded/],
  ['a path is very long', endpoint({ path: `/${'a'.repeat(3_000)}` }), /longer than 2000/],
  ['a parameter has a space', endpoint({ params: ['q=a b'] }), /params\[0\]: has characters that must be percent-encoded/],
  ['a parameter has a question mark before it', endpoint({ params: ['?q=a'] }), /params\[0\]: needs no \?/],
  ['parameters are no list', endpoint({ params: 'q=a' }), /params: must be a list, not "q=a"/],
  ['an objective is 0', endpoint({ slo_p95_ms: 0 }), /slo_p95_ms: must be more than 0/],
  ['an objective is negative', endpoint({ slo_p95_ms: -50 }), /slo_p95_ms: must be more than 0, not -50/],
  ['a kind of data is unknown', endpoint({ data_type: 'unique_mail' }), /data_type: must be one of.*did you mean "unique_email"/],
  ['a GET has a body', endpoint({ body: {} }), /body: a GET is sent without a body/],
  ['a GET has data', endpoint({ data_type: 'unique_project' }), /data_type: a GET brings no data/],
  ['a session is no yes or no', endpoint({ session: 'yes' }), /session: must be true or false/],
  ['a captured name is none', endpoint({ capture: { 'project id': 'id' } }), /capture.*: must be a name of letters/],
  ['a captured path is none', endpoint({ capture: { id: '$.id' } }), /capture\.id: must be a dotted path/],
  ['a key is unknown', endpoint({ wieght: 5 }), /wieght: is not a key here \(did you mean "weight"/],
  ['a key of a scenario is unknown', file([GET], { scenarios: [scenario([GET], { target_rsp: 5 })] }), /target_rsp: is not a key here \(did you mean "target_rps"/],
  ['a key of the file is unknown', file([GET], { scenario: [] }), /scenario: is not a key here \(did you mean "scenarios"/],
  ['a key of a request in a sequence is unknown', file([{ weight: 1, sequence: [{ path: '/a', method: 'GET', weight: 1 }] }]), /sequence\[0\]\.weight: is not a key here/],
  ['a sequence has a path beside it', file([{ weight: 1, path: '/a', sequence: [{ path: '/a', method: 'GET' }] }]), /path: is not a key here/],
  ['a sequence is empty', file([{ weight: 1, sequence: [] }]), /sequence: must not be empty/],
  ['an endpoint is text', file(['/a']), /endpoints\[0\]: must be a set of/],
  ['an endpoint is null', file([null]), /endpoints\[0\]: has no value/],
  ['there are no endpoints', file([]), /endpoints: must not be empty/],
  ['there are no scenarios', { scenarios: [] }, /scenarios: must not be empty/],
  ['scenarios are missing', {}, /scenarios: is missing/],
  ['the file is a list', [], /must be a set of/],
  ['the file is a number', 5, /must be a set of/],
  ['two scenarios have one name', { scenarios: [scenario([GET]), scenario([GET])] }, /scenarios\[1\]\.name: two scenarios are named "S"/],
  ['a name is empty', { scenarios: [scenario([GET], { name: ' ' })] }, /name: must not be empty/],
  ['the rate is negative', { scenarios: [scenario([GET], { target_rps: -5 })] }, /target_rps: must be more than 0, not -5/],
  ['the rate is 0', { scenarios: [scenario([GET], { target_rps: 0 })] }, /target_rps: must be more than 0/],
  ['the users are a fraction', { scenarios: [scenario([GET], { target_vus: 1.5 })] }, /target_vus: must be a whole number/],
  ['there are to be no users for sessions', { sessions: SESSIONS, scenarios: [scenario([GET], { session: true, users: 0 })] }, /users: must be at least 1/],
  ['the duration is negative', file([GET], { global_duration: '-10m' }), /global_duration: must be a duration of more than zero such as "10m", not "-10m"/],
  ['the duration is zero', file([GET], { global_duration: '0m' }), /global_duration: must be a duration of more than zero/],
  ['the duration is a number', file([GET], { global_duration: 10 }), /global_duration: must be text/],
  ['the duration has no unit', file([GET], { global_duration: '10' }), /global_duration: must be a duration/],
  ['nothing provides a value', endpoint({ path: '/a/{{id}}' }), /path: nothing provides \{\{id\}\}/],
  ['a value is nearly one that there is', endpoint({ params: ['q={{emial}}'] }), /params\[0\]: nothing provides \{\{emial\}\} \(did you mean "email"/],
  ['a value is captured later', file([{ weight: 1, sequence: [{ path: '/{{id}}', method: 'GET' }, { path: '/a', method: 'GET', capture: { id: 'id' } }] }]), /sequence\[0\]\.path: nothing provides/],
  ['a value was captured by another flow', file([{ ...GET, capture: { id: 'id' } }, { ...GET, path: '/{{id}}' }]), /endpoints\[1\]\.path: nothing provides/],
  ['a value of the user goes without a session', { ...endpoint({ path: '/{{token}}' }), sessions: SESSIONS }, /a value of the user: add "session": true/],
  ['a value in a body is unknown', endpoint({ method: 'POST', body: { a: [{ b: 'x{{id}}' }] } }), /body\.a\[0\]\.b: nothing provides/],
  ['a value has spaces', endpoint({ method: 'POST', body: '{{ id }}' }), /body: has \{\{ without a name and \}\}/],
  ['a value is not closed', endpoint({ path: '/{{id' }), /path: has \{\{ without/],
  ['headers need what nobody captures', { ...endpoint({ session: true }), sessions: { ...SESSIONS, headers: { a: '{{tokn}}' } } }, /sessions\.headers\.a: nothing provides \{\{tokn\}\} \(did you mean "token"/],
  ['a header is one that the sender makes', { ...file([GET]), sessions: { ...SESSIONS, headers: { Host: 'x' } } }, /sessions\.headers\.Host: must be/],
  ['a header would split the request', { ...file([GET]), sessions: { ...SESSIONS, headers: { a: 'b\r\nc: d' } } }, /headers\.a: must be plain text/],
  ['a session is used before it is there', { ...file([GET]), sessions: { ...SESSIONS, requests: [{ path: '/p', method: 'POST', session: true }, ...SESSIONS.requests] } }, /requests\[0\]\.session: comes before/],
  ['sessions have no requests', { ...file([GET]), sessions: { headers: {}, requests: [] } }, /sessions\.requests: must not be empty/],
  ['sessions are null', { ...file([GET]), sessions: null }, /sessions: has no value/],
];
for (const [why, value, message] of BAD) {
  test(`a file is refused with its place when ${why}`, () => {
    const faults = refused(value);
    assert.match(told(faults), message);
    assert.equal(faults.length, 1, told(faults));
    assert.match(faults[0]?.where ?? '', /^s\.json:\d+:\d+/);
    assert.doesNotMatch(told(faults), /\n.*\n|undefined/);
  });
}

test('all faults come at once, in the order of the lines, and the rest of a request with a fault is still read', () => {
  const faults = refused(file(
    [{ ...GET, weight: -1, path: 'x', method: 'GRAB' }, { weight: 1, sequence: [{ path: '/p', method: 'POTS', capture: { id: 'id' } }, { path: '/{{id}}', method: 'GET' }] }],
    { global_duration: '0s', sessions: 5 },
  ));
  assert.equal(faults.length, 6, told(faults));
  const lines = faults.map(({ where }) => Number(/:(\d+):/.exec(where)?.[1]));
  assert.deepEqual(lines, lines.toSorted((a, b) => a - b));
});

const BROKEN: [why: string, text: string, message: RegExp][] = [
  ['empty', '', /s\.json:1:1: the file is empty/],
  ['blank', ' \n', /the file is empty/],
  ['cut off', '{"scenarios": [', /s\.json:1:16: not JSON/],
  ['with a comma too many', '{\n  "scenarios": [],\n}', /s\.json:3:1: not JSON/],
  ['with a comment', '{ // a\n}', /not JSON/],
  ['YAML and no JSON', 'scenarios:\n  - a\n', /not JSON/],
  ['a web page', '<!doctype html><p>404</p>', /not JSON/],
  ['binary', '\0\u0001', /not JSON/],
  ['with a key that stands twice', '{"scenarios": [{"name": "S", "name": "T", "target_vus": 1, "endpoints": [{"path": "/a", "method": "GET", "weight": 1}]}]}', /s\.json:1:\d+: a key stands twice/],
  ['nested without end', `${'['.repeat(60_000)}${']'.repeat(60_000)}`, /must be a set of/],
  ['with a body nested without end', `{"scenarios":[{"name":"S","target_vus":1,"endpoints":[{"path":"/a","method":"POST","weight":1,"body":${'['.repeat(60_000)}${']'.repeat(60_000)}}]}]}`, /nested too deeply/],
  ['with a prototype', '{"__proto__": {"a": 1}, "scenarios": [{"name": "S", "target_vus": 1, "endpoints": [{"path": "/a", "method": "GET", "weight": 1, "constructor": 1}]}]}', /constructor: is not a key here/],
  ['larger than 5 MB', `{"a": "${'x'.repeat(5 * 1024 ** 2)}"}`, /s\.json: the file is larger than 5 MB/],
];
for (const [why, text, message] of BROKEN) {
  test(`a file that is ${why} is refused, without a stack and on one line`, () => {
    const faults = refusedText(text);
    assert.match(told(faults), message);
    for (const fault of faults) assert.doesNotMatch(fault.where + fault.message, /[\p{Cc}]/u);
  });
}

test('a byte order mark is no fault', () => {
  assert.equal(readScenarios(`\uFEFF${JSON.stringify(file([GET]))}`, 's.json').scenarios.length, 1);
});

test('10,000 endpoints are read whole, and their faults are named by key and told in part', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => ({ ...GET, path: `/a/${index}/{{uuid}}`, params: ['a=1'], slo_p95_ms: 10 }));
  assert.equal(read(file(many)).scenarios[0]?.flows.length, 10_000);
  const faults = refused(file(many.map((one) => ({ ...one, weight: -1 }))));
  assert.equal(faults.length, 51);
  assert.match(told(faults), /s\.json scenarios\[0\]\.endpoints\[7\]\.weight: must be at least 0[^]*and: 9950 more faults/);
});

test('more than 100,000 requests are refused', () => {
  const short = { path: '/', method: 'GET' };
  assert.match(told(refusedText(JSON.stringify(file([{ weight: 1, sequence: Array.from({ length: 100_001 }, () => short) }])))), /100001 requests are more than 100000/);
});
