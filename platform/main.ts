// Starts the reference platform: a payment provider, a model provider and the web process, each a process of its own.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { USAGE, prepareDataDir, readOptions } from './options.ts';
import { PartFault } from './shared/part.ts';
import type { PartConfig } from './shared/part.ts';

/** From the signal to the last child gone; then they are killed. */
const STOP_LIMIT_MS = 1500;
/** A part that says nothing for this long will not start. */
const START_LIMIT_MS = 15_000;

const children: { name: string; child: ChildProcess }[] = [];
let removeDir: string | null = null;
let stopping = false;

async function startPart(name: string, config: PartConfig): Promise<string> {
  const child = fork(new URL(`./${name}/server.ts`, import.meta.url), {
    // A clean environment: options of the parent's runtime (NODE_OPTIONS) are not meant for the system under test.
    env: { PATH: process.env['PATH'], OPENSHOW_PART: JSON.stringify(config) },
    execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  children.push({ name, child });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4000)));
  return new Promise((resolve, reject) => {
    const tooLate = new PartFault('P_PART_FAILED', `${name} did not start in time`);
    const late = setTimeout(() => reject(tooLate), START_LIMIT_MS);
    child.once('message', (message: { ready?: number; failed?: { code: string; message: string } }) => {
      clearTimeout(late);
      if (message.failed) reject(new PartFault(message.failed.code, `${name}: ${message.failed.message}`));
      else resolve(`http://127.0.0.1:${message.ready}`);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      const why = /^\w*Error: .*$/m.exec(stderr)?.[0] ?? `exit ${code ?? signal}`;
      // After the start this rejection is heard by nobody; a part that dies later is reported instead.
      reject(new PartFault('P_PART_FAILED', `${name} ended during start: ${why}`));
      if (!stopping && ready) lost(name, why);
    });
  });
}

let ready = false;

/** Without the web process nothing is left to serve; without another part the platform stays up, half of it. */
function lost(name: string, why: string): void {
  process.stderr.write(`P_PART_DIED: ${name} ended: ${why}\n`);
  if (name === 'web') void stop(3);
}

async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  const alive = children.filter(({ child }) => child.exitCode === null && child.signalCode === null);
  const gone = alive.map(({ child }) => once(child, 'exit'));
  const kill = setTimeout(() => alive.forEach(({ child }) => child.kill('SIGKILL')), STOP_LIMIT_MS);
  // The web process first, so that it ends while what it calls is still there.
  for (const { child } of alive.toReversed()) child.kill('SIGTERM');
  await Promise.all(gone);
  clearTimeout(kill);
  if (removeDir !== null) rmSync(removeDir, { recursive: true, force: true });
  process.exit(exitCode);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  process.on('SIGINT', () => void stop(0));
  process.on('SIGTERM', () => void stop(0));
  if (options.exitWithStdin) process.stdin.resume().once('close', () => void stop(0));

  const { dataDir, temporary } = prepareDataDir(options.dataDir);
  if (temporary) removeDir = dataDir;
  const { seed, agentIdleMs } = options;
  const base: PartConfig = { port: 0, dataDir, temporary, seed, agentIdleMs, paymentsUrl: '', modelUrl: '' };
  const [paymentsUrl, modelUrl] = await Promise.all([startPart('payments', base), startPart('model', base)]);
  const url = await startPart('web', { ...base, port: options.port, paymentsUrl, modelUrl });
  const health = await fetch(`${url}/healthz`);
  if (!health.ok) throw new PartFault('P_UNHEALTHY', `not healthy after start: ${await health.text()}`);
  ready = true;

  const pids = [process.pid, ...children.map(({ child }) => child.pid)];
  if (options.json) {
    const event = { event: 'ready', url, metricsUrl: `${url}/metrics`, paymentsUrl, modelUrl, pids };
    process.stdout.write(JSON.stringify(event) + '\n');
  } else {
    const data = `${dataDir}${temporary ? ' (temporary)' : ''}`;
    process.stdout.write(`OpenShow is on stage at ${url}\n\n  metrics    ${url}/metrics\n  health     ${url}/healthz\n`
      + `  payments   ${paymentsUrl}\n  model      ${modelUrl}\n  data       ${data}\n\n`
      + 'Log in as ada@example.com with open-show-demo, or sign up. Ctrl-C ends it.\n');
  }
}

main().catch((error: unknown) => {
  if (stopping) return;
  const code = error instanceof PartFault ? error.code : 'P_START';
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${code}: ${message.split('\n')[0]}\n`);
  void stop(3);
});
