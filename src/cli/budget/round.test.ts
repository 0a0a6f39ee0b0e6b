import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { budgetRound } from './round.ts';
import { makeCheckout, MINUTE, NOW, round, rounds, type Checkout } from './testing.ts';
import type { BudgetRound } from './types.ts';

const DAY = 86_400_000;

interface Webhook {
  url: string;
  bodies: { text: string; events?: { event: string; id: string }[] }[];
  answer: (response: ServerResponse) => void;
}

/** A webhook on loopback that keeps what is posted. */
async function webhook(t: TestContext): Promise<Webhook> {
  const hook: Webhook = { url: '', bodies: [], answer: (response) => response.end('ok') };
  const server = createServer((request: IncomingMessage, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      if (request.method === 'POST') hook.bodies.push(JSON.parse(text) as Webhook['bodies'][number]);
      hook.answer(response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  hook.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`;
  return hook;
}

interface Told extends BudgetRound {
  said: string;
}

async function at(checkout: Checkout, nowEpochMs: number, environment: NodeJS.ProcessEnv = {}): Promise<Told> {
  let said = '';
  const result = await budgetRound({
    root: checkout.root, environment: { ...checkout.environment, ...environment }, target: 'embedded', nowEpochMs,
    out: (text) => {
      said += text;
    },
  });
  return { ...result, said };
}

test('an alert is told once when it begins and once when it ends, also by another process and to each channel', { timeout: 30_000 }, async (t) => {
  const checkout = makeCheckout(t);
  const hook = await webhook(t);
  const environment = { ALERT_WEBHOOK_URL: hook.url, GITHUB_ACTIONS: 'true' };
  checkout.append(...rounds(4 * DAY, 5 * MINUTE));
  const quiet = await at(checkout, NOW - 5 * MINUTE, environment);
  assert.deepEqual([quiet.sent, quiet.faults, quiet.said, hook.bodies], [[], [], '', []]);
  assert.deepEqual(quiet.budgets.map(({ service, leftPercent }) => [service, leftPercent]), [['pay', 100], ['agent', 100]]);

  checkout.append(round(NOW, 'down'));
  const began = await at(checkout, NOW, environment);
  assert.deepEqual(began.sent.filter(({ channel }) => channel === 'webhook').map(({ event, alert }) => `${event} ${alert.id}`),
    ['began pay/burn-14.4', 'began pay/burn-6', 'began pay/burn-3', 'began pay/burn-1']);
  assert.equal(hook.bodies.length, 1);
  assert.equal(hook.bodies[0]?.events?.length, 4);
  // One line for people and one annotation, though four rates are passed.
  assert.match(began.said, /^ ✗ page: Payments: the error budget burns 83\.3 times .*Also above 6×, 3×, 1×\. See ops\/runbooks\/error-budget\.md\n::error title=Error budget::Payments: .*8\.33 %25 of.*\n$/);

  const goesOn = await at(checkout, NOW + MINUTE, environment);
  assert.deepEqual([goesOn.sent, goesOn.said, hook.bodies.length], [[], '', 1]);

  checkout.append(round(NOW + 5 * MINUTE, 'up'));
  const better = await at(checkout, NOW + 5 * MINUTE, environment);
  assert.deepEqual(hook.bodies[1]?.events?.map(({ event, id }) => `${event} ${id}`), ['ended pay/burn-14.4']);
  assert.match(better.said, /^ ✓ pay: over after 5 min: error budget burning faster than 14\.4×\n::notice /);
});

test('a webhook that fails costs no round, and is told next time what it missed, in order', { timeout: 30_000 }, async (t) => {
  const checkout = makeCheckout(t);
  const hook = await webhook(t);
  const environment = { ALERT_WEBHOOK_URL: hook.url };
  checkout.append(...rounds(4 * DAY, 0, (agoMs) => (agoMs === 0 ? 'down' : 'up')));
  hook.answer = (response) => response.writeHead(500).end('\u001b[31mno\nmore');
  const refused = await at(checkout, NOW, environment);
  assert.deepEqual(refused.faults, [`alerts could not be sent to the webhook, and will be in the next round: ${new URL(hook.url).host} answers 500 (no)`]);
  // The address is a secret, and is told to nobody.
  assert.doesNotMatch(JSON.stringify(refused), /secret-path/);
  assert.deepEqual([...new Set(refused.sent.map(({ channel }) => channel))], ['terminal']);
  // A redirect is no delivery: followed, a POST turns into a GET.
  hook.answer = (response) => response.writeHead(302, { location: '/' }).end();
  checkout.append(round(NOW + 5 * MINUTE, 'up'));
  assert.match((await at(checkout, NOW + 5 * MINUTE, environment)).faults.join(), /answers 302/);
  hook.answer = (response) => response.end();
  const told = await at(checkout, NOW + 6 * MINUTE, environment);
  assert.deepEqual(told.faults, []);
  assert.deepEqual(hook.bodies.at(-1)?.events?.map(({ event, id }) => `${event} ${id}`),
    ['began pay/burn-14.4', 'began pay/burn-6', 'began pay/burn-3', 'began pay/burn-1', 'ended pay/burn-14.4']);
  assert.deepEqual((await at(checkout, NOW + 7 * MINUTE, environment)).sent, []);
});

test('a webhook that is new hears of what is on, and of no end of what it never heard of', { timeout: 30_000 }, async (t) => {
  const checkout = makeCheckout(t);
  const hook = await webhook(t);
  checkout.append(...rounds(4 * DAY, 0, (agoMs) => (agoMs === 0 ? 'down' : 'up')));
  await at(checkout, NOW);
  checkout.append(round(NOW + 5 * MINUTE, 'up'));
  const { sent } = await at(checkout, NOW + 5 * MINUTE, { ALERT_WEBHOOK_URL: hook.url });
  assert.deepEqual(sent.filter(({ channel }) => channel === 'terminal').map(({ event, alert }) => `${event} ${alert.id}`), ['ended pay/burn-14.4']);
  assert.deepEqual(hook.bodies.flatMap(({ events }) => events ?? []).map(({ event, id }) => `${event} ${id}`),
    ['began pay/burn-6', 'began pay/burn-3', 'began pay/burn-1']);
});

test('a round without the webhook, by hand, makes it hear of nothing twice, and of every end', { timeout: 30_000 }, async (t) => {
  const checkout = makeCheckout(t);
  const hook = await webhook(t);
  const environment = { ALERT_WEBHOOK_URL: hook.url };
  const heard = (): string[] => hook.bodies.splice(0).flatMap(({ events }) => events ?? []).map(({ event, id }) => `${event} ${id}`);
  checkout.append(...rounds(4 * DAY, 0, (agoMs) => (agoMs === 0 ? 'down' : 'up')));
  await at(checkout, NOW, environment);
  assert.deepEqual(heard(), ['began pay/burn-14.4', 'began pay/burn-6', 'began pay/burn-3', 'began pay/burn-1']);
  await at(checkout, NOW + MINUTE);
  await at(checkout, NOW + 2 * MINUTE, environment);
  assert.deepEqual(heard(), []);
  checkout.append(round(NOW + 5 * MINUTE, 'up'));
  await at(checkout, NOW + 5 * MINUTE);
  await at(checkout, NOW + 6 * MINUTE, environment);
  assert.deepEqual(heard(), ['ended pay/burn-14.4']);
});

test('a late message says how an alert stands, not that it is over while it goes on', { timeout: 30_000 }, async (t) => {
  const checkout = makeCheckout(t);
  const hook = await webhook(t);
  const environment = { ALERT_WEBHOOK_URL: hook.url };
  hook.answer = (response) => response.writeHead(500).end();
  checkout.append(...rounds(4 * DAY, 0, (agoMs) => (agoMs === 0 ? 'down' : 'up')));
  await at(checkout, NOW, environment);
  checkout.append(round(NOW + 5 * MINUTE, 'up'), round(NOW + 10 * MINUTE, 'down'));
  await at(checkout, NOW + 5 * MINUTE, environment);
  hook.bodies = [];
  hook.answer = (response) => response.end();
  await at(checkout, NOW + 10 * MINUTE, environment);
  assert.deepEqual(hook.bodies[0]?.events?.map(({ event }) => event), ['began', 'began', 'began', 'began', 'ended', 'began']);
  assert.match(hook.bodies[0]?.text ?? '', /^page: Payments: the error budget burns [^\n]*Also above 6×, 3×, 1×\.$/);
});

test('Slack gets its own form, in which no name can mention anybody or make a link', { timeout: 30_000 }, async (t) => {
  const checkout = makeCheckout(t, `
  - { service: pay, title: "<!channel> & \\e[32mGO", objective_percent: 99.9, journeys: [pay], source: a test }
`);
  const hook = await webhook(t);
  checkout.append(...rounds(4 * DAY, 0, (agoMs) => (agoMs === 0 ? 'down' : 'up')));
  const { said } = await at(checkout, NOW, { ALERT_WEBHOOK_URL: hook.url, ALERT_WEBHOOK_FORM: 'slack' });
  const [body] = hook.bodies;
  assert.deepEqual(Object.keys(body ?? {}), ['text']);
  assert.match(body?.text ?? '', /^\*Error budgets of embedded\*\n:rotating_light: \*page\* &lt;!channel&gt; &amp; GO: the error budget burns .*See `ops\/runbooks\/error-budget\.md`$/);
  assert.doesNotMatch(said, /\u001b/);
});

test('an alert goes on while nothing is known: checks that stopped do not mean that all is well', { timeout: 30_000 }, async (t) => {
  const checkout = makeCheckout(t);
  checkout.append(...rounds(4 * DAY, 0, (agoMs) => (agoMs < 30 * MINUTE ? 'down' : 'up')));
  assert.ok((await at(checkout, NOW)).sent.length > 0);
  assert.deepEqual((await at(checkout, NOW + 10 * MINUTE)).sent, []);
  checkout.append(round(NOW + 60 * MINUTE, 'up'));
  assert.match((await at(checkout, NOW + 60 * MINUTE)).said, /over after 1 h: error budget burning faster than 14\.4×, 6×/);
});

test('each target has alerts of its own, and only its own rounds count', { timeout: 30_000 }, async (t) => {
  const checkout = makeCheckout(t);
  checkout.append(...rounds(4 * DAY, 0));
  checkout.append(...rounds(DAY, 0, () => 'down').map((one) => ({ ...one, target: 'https://other.example' })));
  assert.deepEqual((await at(checkout, NOW)).sent, []);
  const other = await budgetRound({ root: checkout.root, environment: checkout.environment, target: 'https://other.example', nowEpochMs: NOW, out: () => {} });
  assert.ok(other.sent.some(({ alert }) => alert.id === 'pay/burn-14.4'));
  assert.deepEqual((await at(checkout, NOW + MINUTE)).sent, []);
});

test('whatever is broken, a round of budgets ends with its faults told', { timeout: 30_000 }, async (t) => {
  const checkout = makeCheckout(t);
  checkout.append(...rounds(DAY, 0));
  const folder = join(checkout.reports, 'checks');
  writeFileSync(join(folder, '2026-11.ndjson'), '{"torn\n\n[]\n{"v":9}\n', { flag: 'a' });
  writeFileSync(join(folder, 'alerts.json'), '{ "v": 1, "targets": [');
  // What a power cut leaves, and what is no file at all.
  writeFileSync(join(folder, '2026-12.ndjson'), Buffer.alloc(5_000_000));
  mkdirSync(join(folder, '2026-10.ndjson'));
  const torn = await at(checkout, NOW);
  assert.deepEqual(torn.faults, [
    'checks/2026-10.ndjson cannot be read: EISDIR', 'checks/2026-11.ndjson: 3 lines are no rounds of checks',
    'checks/2026-12.ndjson: 1 line is no round of checks', 'checks/alerts.json cannot be read, so alerts that go on are told of once more',
  ]);
  assert.equal(torn.budgets[0]?.n, 289);
  writeFileSync(join(checkout.root, 'slo.yml'), 'version: 1\nerror_budgets: 3\n');
  assert.match((await at(checkout, NOW)).faults.join(), /J_SLO_INVALID/);
  writeFileSync(join(checkout.root, 'slo.yml'), 'version: 1\ngates: [{ id: e, metric: journey_error_rate, unit: "%", max: 1, source: x }]\n');
  assert.deepEqual(await at(checkout, NOW), { budgets: [], sent: [], faults: [], said: '' });
  assert.match((await at(checkout, NOW, { ALERT_WEBHOOK_URL: 'ftp://x' })).faults.join(), /J_ENV_INVALID[^]*ALERT_WEBHOOK_URL/);
});

test('no folder of checks, or one that cannot be written, is no reason to fail', { timeout: 30_000 }, async (t) => {
  const checkout = makeCheckout(t);
  writeFileSync(join(checkout.root, 'file'), '');
  const nowhere = await at(checkout, NOW, { REPORTS_DIR: join(checkout.root, 'file') });
  assert.match(nowhere.faults.join('; '), /the folder of checks cannot be read: ENOTDIR; .*alerts\.json cannot be/);
  const none = await at(checkout, NOW, { REPORTS_DIR: join(checkout.root, 'none') });
  assert.deepEqual([none.faults, none.budgets.map(({ spentMs }) => spentMs)], [[], [null, null]]);
  assert.equal(existsSync(join(checkout.root, 'none/checks/alerts.json')), true);
});
