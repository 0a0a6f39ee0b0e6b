import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../errors.ts';
import type { ApiPlan } from '../../model/index.ts';
import { openSessions } from './sessions.ts';
import { apiPlan, apiRequest, badTarget, json } from './testing.ts';

const SESSION: ApiPlan['session'] = {
  requests: [
    apiRequest('/signup', { method: 'POST', data: 'unique_email' }),
    apiRequest('/login', { method: 'POST', body: { email: '{{email}}', password: '{{password}}' }, capture: { token: 'token', id: 'user.id' } }),
  ],
  headers: { Authorization: 'Bearer {{token}}' },
};

function plan(users: number, session: ApiPlan['session'] = SESSION): ApiPlan {
  const own = apiPlan(1, [[apiRequest('/ok')]], { session });
  return { ...own, scenarios: own.scenarios.map((scenario) => ({ ...scenario, users })) };
}

const around = (targetUrl: string) => ({ targetUrl, runId: 'run', seed: 1, headers: { 'x-test-run-id': 'run' } });

test('each account signs up and logs in as somebody of its own, and is sent with what the last answer gave', async (t) => {
  const target = await badTarget(t, {
    '/signup': (response) => json(response, 201, {}),
    '/login': (response, { body }) => json(response, 200, { token: `t-${(JSON.parse(body) as { email: string }).email}`, user: { id: 5 } }),
  });
  const { S: accounts = [] } = await openSessions(plan(9), around(target.url));
  assert.equal(accounts.length, 9);
  assert.equal(new Set(accounts.map(({ values }) => values.email)).size, 9);
  for (const { values, headers } of accounts) {
    assert.deepEqual(headers, { authorization: `Bearer t-${String(values.email)}` });
    assert.equal(values.id, 5);
  }
  assert.equal(target.heard.length, 18);
  assert.ok(target.heard.every(({ headers }) => headers['x-test-run-id'] === 'run'));
});

test('what an account needs beside its session is made with that session', async (t) => {
  const target = await badTarget(t, {
    '/login': (response) => json(response, 200, { token: 'one', user: { id: 5 } }),
    '/projects': (response, { headers, body }) => json(response, 201, { by: headers.authorization, title: (JSON.parse(body) as { title: string }).title }),
  });
  const project = apiRequest('/projects', { method: 'POST', session: true, data: 'unique_project', capture: { by: 'by', project: 'title' } });
  const session = { requests: [...(SESSION?.requests ?? []).slice(1), project], headers: SESSION?.headers ?? {} };
  const { S: accounts = [] } = await openSessions(plan(3, session), around(target.url));
  assert.deepEqual(accounts.map(({ values }) => values.by), ['Bearer one', 'Bearer one', 'Bearer one']);
  assert.equal(new Set(accounts.map(({ values }) => values.project)).size, 3);
});

test('no users need no requests', async (t) => {
  const target = await badTarget(t);
  assert.deepEqual(await openSessions(plan(0, null), around(target.url)), { S: [] });
  assert.deepEqual(target.heard, []);
});

const REFUSALS: [name: string, login: string, users: ApiPlan['session'], expected: RegExp][] = [
  ['a target that refuses', '/fail', SESSION, /POST \/login: status 500: \{"error":"broken"\}/],
  ['a page instead of JSON', '/html', SESSION, /POST \/login: bad answer: <h1>Sorry/],
  ['an answer without the token', '/echo', SESSION, /POST \/login: bad answer/],
  ['no way to make sessions', '/ok', null, /scenarios\.json: has users, and does not say how/],
  ['a header that nothing fills', '/ok', { requests: [apiRequest('/ok')], headers: { cookie: '{{never}}' } }, /no value for \{\{never\}\}/],
];

for (const [name, answer, session, expected] of REFUSALS) {
  test(`${name} is refused before the run, with the first failures and no more`, async (t) => {
    const target = await badTarget(t, { '/signup': (response) => json(response, 201, {}) });
    const rewritten = session && { ...session, requests: session.requests.map((one) => (one.path === '/login' ? { ...one, path: answer, route: one.route } : one)) };
    await assert.rejects(openSessions(plan(500, rewritten), around(target.url)), (error) => {
      assert.ok(error instanceof CodedError && error.code === 'J_API_ARRANGE');
      assert.ok(error.faults.length >= 5 && error.faults.length < 10);
      const [first] = error.faults;
      assert.match(`${first?.where.replace(answer, '/login')}: ${first?.message}`, expected);
      return true;
    });
    assert.ok(target.heard.length < 40);
  });
}

test('a target that is not there is refused as that', async (t) => {
  const gone = await badTarget(t);
  await gone.stop();
  await assert.rejects(openSessions(plan(1), around(gone.url)), (error) => error instanceof CodedError && error.faults[0]?.message === 'connection refused');
});
