// Starts the reference platform: payment provider, model provider and web service, each a process or more.
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { USAGE, prepareDataDir, readOptions } from './options.ts';
import { forkPart } from './shared/fork.ts';
import type { Part } from './shared/fork.ts';
import { PartFault } from './shared/part.ts';
import type { PartConfig } from './shared/part.ts';

/** From the signal to the last child gone; then they are killed. */
const STOP_LIMIT_MS = 1500;

const children: Part['child'][] = [];
let removeDir: string | null = null;
let stopping = false;
let ready = false;

async function startPart(name: string, config: PartConfig): Promise<string> {
  const part = forkPart(name, new URL(`./${name}/server.ts`, import.meta.url), config);
  children.push(part.child);
  part.child.on('message', ({ notice }: { notice?: string }) => {
    if (notice !== undefined) process.stderr.write(`${notice}\n`);
  });
  void part.ended.then((why) => {
    if (!stopping && ready) lost(name, why);
  });
  return `http://127.0.0.1:${await part.ready}`;
}

/** Without the web service nothing is left to serve; without another part the platform stays up, half of it. */
function lost(name: string, why: string): void {
  process.stderr.write(`P_PART_DIED: ${name} ended: ${why}\n`);
  if (name === 'web') void stop(3);
}

async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  const alive = children.filter((child) => child.exitCode === null && child.signalCode === null);
  const gone = alive.map((child) => once(child, 'exit'));
  const kill = setTimeout(() => alive.forEach((child) => child.kill('SIGKILL')), STOP_LIMIT_MS);
  // The web service first, so that it ends while what it calls is still there.
  for (const child of alive.toReversed()) child.kill('SIGTERM');
  await Promise.all(gone);
  clearTimeout(kill);
  if (removeDir !== null) rmSync(removeDir, { recursive: true, force: true });
  process.exit(exitCode);
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
  const base: PartConfig = {
    ...tuning, port: 0, dataDir, temporary, paymentsUrl: '', modelUrl: '', primaryUrl: '', slot: 0,
    startedEpochMs: Date.now(),
  };
  const [paymentsUrl, modelUrl] = await Promise.all([startPart('payments', base), startPart('model', base)]);
  const url = await startPart('web', { ...base, port, paymentsUrl, modelUrl });
  const health = await fetch(`${url}/healthz`);
  if (!health.ok) throw new PartFault('P_UNHEALTHY', `not healthy after start: ${await health.text()}`);
  ready = true;

  const pids = [process.pid, ...children.map((child) => child.pid)];
  if (json) {
    const event = { event: 'ready', url, metricsUrl: `${url}/metrics`, paymentsUrl, modelUrl, pids };
    process.stdout.write(JSON.stringify(event) + '\n');
    return;
  }
  const { min, max } = tuning.workers;
  const planted = Object.entries(tuning.faults).map(([name, value]) => `${name}=${value}`);
  process.stdout.write(`OpenShow is on stage at ${url}\n\n  metrics    ${url}/metrics\n  health     ${url}/healthz\n`
    + `  workers    ${min} to ${max}\n  payments   ${paymentsUrl}\n  model      ${modelUrl}\n`
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
