import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runArtillery, scriptWith, startArtillery, type Finished } from './artillery.ts';

/** Every refusal: the code, the exit code, a line that says what to do, no stack trace, and no user ever started. */
function assertRefused({ output, exitCode, reports }: Finished, code: string, expectedExit: number, ...texts: (string | RegExp)[]): void {
  assert.match(output, new RegExp(`^.*${code}  `, 'm'), output);
  assert.match(output, /^ {2}→ /m, output);
  for (const text of texts) assert.match(output, typeof text === 'string' ? new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : text);
  assert.doesNotMatch(output, /^\s+at .*:\d+:\d+\)?$/m, `a stack trace:\n${output}`);
  assert.equal(exitCode, expectedExit, output);
  const runs = existsSync(reports) ? readdirSync(reports) : [];
  for (const run of runs) assert.equal(existsSync(join(reports, run, 'observations.worker-1.ndjson')), false, 'no user started');
}

async function serve(test: TestContext, status: number, body: string): Promise<string> {
  const server: Server = createServer((_request, response) => response.writeHead(status, { 'content-type': 'text/plain' }).end(body));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('an address that is none is refused', async (t) => {
  assertRefused(await runArtillery(t, { args: ['-t', 'ftp://somewhere'] }), 'J_TARGET_INVALID', 3, 'ftp://somewhere');
});

test('a target that is down is refused, with the reason the network gave', async (t) => {
  // A port that was just free: nothing listens there.
  const url = await serve(t, 200, '');
  const port = Number(new URL(url).port);
  assertRefused(await runArtillery(t, { args: ['-t', `http://127.0.0.2:${port}`] }), 'J_TARGET_DOWN', 3, 'ECONNREFUSED');
});

test('a target that answers with a server error is refused, with what it said', async (t) => {
  const url = await serve(t, 503, 'database: starting');
  assertRefused(await runArtillery(t, { args: ['-t', url] }), 'J_TARGET_UNHEALTHY', 3, '503', 'database: starting');
});

test('a health path must answer with success', async (t) => {
  const url = await serve(t, 404, 'nothing here');
  assertRefused(await runArtillery(t, { args: ['-t', url], env: { HEALTH_PATH: '/ready' } }), 'J_TARGET_UNHEALTHY', 3, '/ready', '404');
});

test('a taken port for the bundled platform is named', async (t) => {
  const url = await serve(t, 200, '');
  const port = new URL(url).port;
  assertRefused(await runArtillery(t, { env: { PLATFORM_PORT: port } }), 'J_PORT_TAKEN', 3, `port ${port}`);
});

test('all faults of slo.yml come in one go, each with its line', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-slo-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const slo = join(folder, 'slo.yml');
  writeFileSync(slo, [
    'version: 1',
    'gates:',
    '  - { id: one, metric: percieved_latency, journey: signup, step: submit signup, stat: p75, max: 1, unit: ms, source: test }',
    '  - { id: two, metric: journey_error_rate, max: 140, unit: "%", source: test }',
    '  - { id: three, metric: agent_completion, stat: p90, max: 500, source: test }',
    '  - { id: three, metric: agent_success_rate, min: 90, unit: "%", source: test }',
  ].join('\n'));
  const finished = await runArtillery(t, { script: scriptWith('slo: slo.yml', `slo: ${slo}`) });
  assertRefused(finished, 'J_SLO_INVALID', 3, /slo\.yml:3:.*percieved_latency/s, /slo\.yml:4:/, /slo\.yml:5:/, /slo\.yml:6:/, 'perceived_latency');
});

test('an unknown journey is refused, with the name that was probably meant', async (t) => {
  const finished = await runArtillery(t, { script: scriptWith('testFunction: escrow checkout', 'testFunction: escrow chekout') });
  assertRefused(finished, 'J_JOURNEY_UNKNOWN', 3, 'did you mean "escrow checkout"?', /\.yml:\d+:\d+ scenarios\[3\]/);
});

test('faults of the script come in one go, with their lines', async (t) => {
  const script = scriptWith('arrivalCount: 160', 'arrivalRate: 1.6').replace('share: 0.7', 'share: 7');
  assertRefused(await runArtillery(t, { script }), 'J_SCRIPT_INVALID', 3, 'use arrivalCount', /\.yml:\d+:\d+ config\.plugins\.journeys\.observers\.share/);
});

test('without a browser the run is refused, with every place that was tried', async (t) => {
  assertRefused(await runArtillery(t, { env: { BROWSER: 'msedge' } }), 'J_NO_BROWSER', 3, 'system browser');
  assertRefused(await runArtillery(t, { env: { BROWSER_PATH: '/nowhere/chrome' } }), 'J_NO_BROWSER', 3, 'BROWSER_PATH');
});

test('settings with faults are refused without showing their values', async (t) => {
  const finished = await runArtillery(t, { env: { TARGET_HTTP_PASSWORD: 'hunter2', PLATFORM_PORT: '99999' } });
  assertRefused(finished, 'J_ENV_INVALID', 3, 'TARGET_HTTP_USER', 'PLATFORM_PORT');
  assert.doesNotMatch(finished.output, /hunter2/);
});

test('without its plugin a run is refused, for it would end without a verdict', async (t) => {
  const script = scriptWith('  plugins:\n    journeys:', '  ignored:\n    journeys:');
  assertRefused(await runArtillery(t, { script }), 'J_PLUGIN_MISSING', 3);
});

test('without its preflight a run is refused', async (t) => {
  assertRefused(await runArtillery(t, { script: scriptWith('function: preflight', 'function: preflite') }), 'J_PREFLIGHT_MISSING', 3);
});

test('a run id that could leave the reports folder is refused', async (t) => {
  for (const id of ['../escape', 'x'.repeat(101)]) {
    assertRefused(await runArtillery(t, { env: { RUN_ID: id } }), 'J_RUN_ID', 3, JSON.stringify(id));
  }
});

test('a reports folder that cannot be made is refused', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-file-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'file'), '');
  const finished = await runArtillery(t, { env: { REPORTS_DIR: join(folder, 'file', 'reports') } });
  assert.match(finished.output, /J_REPORTS_UNWRITABLE {2}/);
  assert.match(finished.output, /ENOTDIR/);
  assert.equal(finished.exitCode, 4);
});

test('a second run at the same time is refused, and names the first', async (t) => {
  const url = await serve(t, 200, '<h1>target</h1>');
  const first = startArtillery(t, { args: ['-t', url], env: { RUN_ID: 'first' } });
  await first.said('plan ');
  assertRefused(await runArtillery(t, { args: ['-t', url], env: { TMPDIR: first.temporaryFolder, RUN_ID: 'second' } }), 'J_RUN_LOCKED', 3, 'first');
  first.child.kill('SIGINT');
  const { exitCode } = await first.finished;
  assert.equal(exitCode, 130);
});
