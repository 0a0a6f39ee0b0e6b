import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { BreakerView } from '../shared/breaker.ts';
import type { Figure } from '../shared/figures.ts';
import { forkPart } from '../shared/fork.ts';
import { listen } from '../shared/part.ts';
import type { PartConfig } from '../shared/part.ts';

interface Line {
  type: string;
  code?: string;
  brief?: string;
  delta?: string;
}
type Behaviour = (response: ServerResponse) => void;

const chunk = (delta: object, reason: string | null): string => `data: ${JSON.stringify({
  id: 'c', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [{ index: 0, delta, finish_reason: reason }],
})}\n\n`;
const begin = (response: ServerResponse): ServerResponse => response.writeHead(200, { 'content-type': 'text/event-stream' });
const good: Behaviour = (response) => void begin(response)
  .end(chunk({ content: 'A good ' }, null) + chunk({ content: 'brief.' }, null) + chunk({}, 'stop') + 'data: [DONE]\n\n');
const refusing = (status: number, headers: Record<string, string> = {}): Behaviour => (response) =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{"error":{"message":"no"}}');
const cutOff: Behaviour = (response) =>
  void begin(response).write(chunk({ content: 'A go' }, null), () => setTimeout(() => response.destroy(), 50));
const silent: Behaviour = (response) => void begin(response).flushHeaders();

/** A runner, and the model that it asks: each request meets the next behaviour, the last one for good. */
async function start(t: TestContext, ...behaviours: Behaviour[]) {
  const asked: number[] = [];
  const model = createServer((request, response) => {
    asked.push(performance.now());
    request.resume();
    (behaviours.length > 1 ? behaviours.shift() : behaviours[0])?.(response);
  });
  const modelUrl = `http://127.0.0.1:${await listen(model)}`;
  const dataDir = mkdtempSync(join(tmpdir(), 'openshow-runner-'));
  const config = { modelUrl, dataDir, temporary: false } as PartConfig;
  const { child, ready, ended } = forkPart('agent', new URL('./runner.ts', import.meta.url), config);
  t.after(async () => {
    child.disconnect();
    await ended;
    model.closeAllConnections();
    model.close();
    rmSync(dataDir, { recursive: true });
  });
  const url = `http://127.0.0.1:${await ready}`;
  return {
    asked,
    async run(hasFallback = true): Promise<Line[]> {
      const task = { title: 'A film', details: '', skill: 'video-editor', traceparent: '', hasFallback };
      const answer = await fetch(`${url}/run`, { method: 'POST', body: JSON.stringify(task) });
      return (await answer.text()).trim().split('\n').map((line) => JSON.parse(line) as Line);
    },
    async figure(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
      const figures = await (await fetch(`${url}/figures`)).json() as Figure[];
      return figures.find((one) => one.name === name)?.values
        .find((value) => Object.entries(labels).every(([key, text]) => value.labels[key] === text))?.value;
    },
    async breaker(): Promise<BreakerView | undefined> {
      return (await (await fetch(`${url}/breakers`)).json() as BreakerView[])[0];
    },
  };
}

test('a model that fails at once is asked again before the first word, and the user sees one brief', async (t) => {
  const runner = await start(t, refusing(500), refusing(503), good);
  const lines = await runner.run();
  assert.deepEqual(lines.map(({ type }) => type), ['progress', 'progress', 'completed']);
  assert.equal(lines.at(-1)?.brief, 'A good brief.');
  assert.equal(runner.asked.length, 3);
  assert.equal(await runner.figure('dependency_retries_total', { dependency: 'model' }), 2);
  assert.equal(await runner.figure('circuit_breaker_state', { dependency: 'model', process: 'agent' }), 0);
});

test('a model that refuses with 429 is asked again after its Retry-After, not before', async (t) => {
  const runner = await start(t, refusing(429, { 'retry-after': '1' }), good);
  assert.equal((await runner.run()).at(-1)?.type, 'completed');
  assert.ok((runner.asked[1] ?? 0) - (runner.asked[0] ?? 0) >= 990);
  assert.equal(await runner.figure('dependency_requests_total', { outcome: 'rate_limited' }), 1);
});

test('after the first word nothing is asked again', async (t) => {
  const runner = await start(t, cutOff, good);
  const lines = await runner.run();
  assert.deepEqual(lines.map(({ type, code }) => code ?? type), ['progress', 'MODEL_INTERRUPTED']);
  assert.equal(runner.asked.length, 1);
});

test('a refusal that is our own fault is not repeated and opens nothing', async (t) => {
  const runner = await start(t, refusing(401));
  for (let round = 0; round < 4; round += 1) assert.equal((await runner.run()).at(-1)?.code, 'MODEL_UNAVAILABLE');
  assert.equal(runner.asked.length, 4);
  assert.equal((await runner.breaker())?.state, 'closed');
});

test('a silent model is given up and counted as a time-out; the user is counted as given a fallback, if there is one', async (t) => {
  const runner = await start(t, silent);
  assert.equal((await runner.run()).at(-1)?.code, 'MODEL_UNAVAILABLE');
  assert.equal(runner.asked.length, 1, 'who has waited this long does not wait for a second try');
  assert.equal(await runner.figure('dependency_timeouts_total', { dependency: 'model' }), 1);
  assert.equal(await runner.figure('fallbacks_total', { dependency: 'model' }), 1);
  await runner.run(false);
  assert.equal(await runner.figure('fallbacks_total', { dependency: 'model' }), 1);
});

test('a model that is away opens the breaker; then it is not asked, until a trial shows that it is back', async (t) => {
  const runner = await start(t, refusing(503), refusing(503), refusing(503), good);
  assert.equal((await runner.run()).at(-1)?.code, 'MODEL_UNAVAILABLE');
  assert.equal((await runner.breaker())?.state, 'open');
  assert.equal((await runner.run()).at(-1)?.code, 'MODEL_UNAVAILABLE');
  assert.equal(runner.asked.length, 3);
  assert.equal(await runner.figure('dependency_requests_total', { outcome: 'rejected' }), 1);
  // It becomes half open by itself, within 4 s; what happens inside is no event out here.
  while ((await runner.breaker())?.state !== 'half-open') await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal((await runner.run()).at(-1)?.type, 'completed');
  assert.equal((await runner.breaker())?.state, 'closed');
});
