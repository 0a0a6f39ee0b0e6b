// Starts the reference platform: the web service and what it depends on, each a process or more, behind a fault proxy.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { USAGE, prepareDataDir, readOptions } from './options.ts';
import { PartFault } from './shared/part.ts';
import type { PartConfig } from './shared/part.ts';
import { createSupervisor } from './supervisor.ts';

/** What the platform depends on, each behind a proxy of its name. */
const DEPENDENCIES = ['payments', 'model', 'storage', 'replica'] as const;
type Addresses = Record<(typeof DEPENDENCIES)[number], string>;

const supervisor = createSupervisor({
  notice: (text) => void process.stderr.write(`${text}\n`),
  // Without the web service nothing is left to serve; without another part the platform stays up, half of it.
  lost(name, why) {
    process.stderr.write(`P_PART_DIED: ${name} ended: ${why}\n`);
    if (name === 'web' && ready) void stop(3);
  },
});
let removeDir: string | null = null;
let stopping = false;
let ready = false;

async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  await supervisor.stop();
  if (removeDir !== null) rmSync(removeDir, { recursive: true, force: true });
  process.exit(exitCode);
}

/** Own code in place of fetch, whose first use alone would take longer than all that is asked here. */
async function ask(method: string, url: string, body = ''): Promise<{ ok: boolean; text: string }> {
  const call = request(url, { method });
  call.end(body);
  const [answer] = await once(call, 'response') as [IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return { ok: answer.statusCode !== undefined && answer.statusCode < 300, text };
}

/** Makes a proxy in front of each upstream; on any free ports, unless they are given. */
async function openProxies(toxiproxyUrl: string, upstreams: Addresses, listens?: Addresses): Promise<Addresses> {
  const host = (url: string): string => new URL(url).host;
  const wanted = DEPENDENCIES.map((name) =>
    ({ name, upstream: host(upstreams[name]), listen: listens ? host(listens[name]) : '127.0.0.1:0' }));
  const { ok, text } = await ask('POST', `${toxiproxyUrl}/populate`, JSON.stringify(wanted));
  if (!ok) throw new PartFault('P_PART_FAILED', `proxy: ${text}`);
  const { proxies } = JSON.parse(text) as { proxies: { name: string; listen: string }[] };
  return Object.fromEntries(proxies.map(({ name, listen }) => [name, `http://${listen}`])) as Addresses;
}

/** Starts everything; resolves with the addresses once all of it serves. */
async function startAll(base: PartConfig, port: number) {
  let restore = async (): Promise<void> => undefined;
  const [toxiproxyUrl, ...urls] = await Promise.all([
    supervisor.start('proxy', { config: base, revive: true, restored: () => restore() }),
    ...DEPENDENCIES.map((name) => supervisor.start(name, { config: base, revive: true })),
  ]);
  const direct = Object.fromEntries(DEPENDENCIES.map((name, index) => [name, urls[index]])) as Addresses;
  const proxied = await openProxies(toxiproxyUrl, direct);
  // A proxy that was started again knows no proxies; the web service goes on using the ports it was given.
  restore = async () => void await openProxies(toxiproxyUrl, direct, proxied);
  const url = await supervisor.start('web', {
    revive: false,
    config: {
      ...base, port, toxiproxyUrl,
      paymentsUrl: proxied.payments, modelUrl: proxied.model, storageUrl: proxied.storage, replicaUrl: proxied.replica,
      paymentsDirectUrl: direct.payments, modelDirectUrl: direct.model, storageDirectUrl: direct.storage,
      replicaDirectUrl: direct.replica,
    },
  });
  const health = await ask('GET', `${url}/healthz`);
  if (!health.ok) throw new PartFault('P_UNHEALTHY', `not healthy after start: ${health.text}`);
  return { url, toxiproxyUrl, direct };
}

async function main(): Promise<void> {
  const { port, dataDir: asked, json, exitWithStdin, help, ...tuning } = readOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  process.on('SIGINT', () => void stop(0));
  process.on('SIGTERM', () => void stop(0));
  if (exitWithStdin) process.stdin.resume().once('close', () => void stop(0));

  const { dataDir, temporary } = prepareDataDir(asked);
  if (temporary) removeDir = dataDir;
  const { url, toxiproxyUrl, direct } = await startAll({
    ...tuning, port: 0, dataDir, temporary, paymentsUrl: '', modelUrl: '', storageUrl: '', replicaUrl: '',
    paymentsDirectUrl: '', modelDirectUrl: '', storageDirectUrl: '', replicaDirectUrl: '', toxiproxyUrl: '',
    webhookSecret: `whsec_${randomBytes(24).toString('hex')}`, primaryUrl: '', slot: 0, startedEpochMs: Date.now(),
  }, port);
  ready = true;

  const { operationsToken, workers: { min, max } } = tuning;
  if (json) {
    const pids = { main: process.pid, ...supervisor.pids() };
    const event = {
      event: 'ready', url, metricsUrl: `${url}/metrics`, paymentsUrl: direct.payments, modelUrl: direct.model,
      storageUrl: direct.storage, toxiproxyUrl, operationsToken, pids,
    };
    process.stdout.write(JSON.stringify(event) + '\n');
    return;
  }
  const planted = Object.entries(tuning.faults).map(([name, value]) => `${name}=${value}`);
  process.stdout.write(`OpenShow is on stage at ${url}\n\n  metrics    ${url}/metrics\n  health     ${url}/healthz\n`
    + `  workers    ${min} to ${max}\n  payments   ${direct.payments}\n  model      ${direct.model}\n`
    + `  storage    ${direct.storage}\n  toxiproxy  ${toxiproxyUrl} (proxies: ${DEPENDENCIES.join(', ')})\n`
    + `  operations Authorization: Bearer ${operationsToken}\n`
    + `  data       ${dataDir}${temporary ? ' (temporary)' : ''}\n`
    + (planted.length === 0 ? '' : `  faults     ${planted.join(', ')} (planted)\n`)
    + '\nLog in as ada@example.com with open-show-demo, or sign up. Ctrl-C ends it.\n');
}

main().catch((error: unknown) => {
  if (stopping) return;
  const code = error instanceof PartFault ? error.code : 'P_START';
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${code}: ${message.split('\n')[0]}\n`);
  void stop(3);
});
