// For the tests of this folder: starts the platform as anybody else would, by its command.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forkPart } from './shared/fork.ts';
import type { PartConfig } from './shared/part.ts';

export interface Ready {
  event: 'ready';
  url: string;
  metricsUrl: string;
  paymentsUrl: string;
  modelUrl: string;
  storageUrl: string;
  toxiproxyUrl: string;
  operationsToken: string;
  /** Of main, proxy, payments, model, storage, replica and web. */
  pids: Record<string, number>;
}
export interface Running {
  child: ChildProcess;
  ready: Ready;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export function launch(...args: string[]): ChildProcess {
  return spawn(process.execPath, [new URL('./main.ts', import.meta.url).pathname, ...args], { stdio: 'pipe' });
}

/** Everything a stream printed until it closed. */
export async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

export async function startPlatform(...args: string[]): Promise<Running> {
  const child = launch('--json', '--port', '0', ...args);
  const [line] = await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, 'data'),
    textOf(child.stderr).then((text) => Promise.reject(new Error(`the platform did not start: ${text}`))),
  ]) as [Buffer];
  return {
    child, ready: JSON.parse(String(line)) as Ready,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill(signal);
      await once(child, 'exit');
      return child.exitCode;
    },
  };
}

export const OPERATIONS_TOKEN = 'token-of-the-tests';

/** The configuration of a part that depends on no other. */
export const testConfig = (dataDir: string): PartConfig => ({
  port: 0, dataDir, temporary: false, seed: 1, workers: { min: 1, max: 1 }, workerIdleMs: 1000, agentConcurrency: 1,
  agentQueue: 1, agentIdleMs: 1000, paymentPendingMs: 1000, faults: {}, paymentsUrl: '', modelUrl: '', storageUrl: '',
  replicaUrl: '', paymentsDirectUrl: '', modelDirectUrl: '', storageDirectUrl: '', replicaDirectUrl: '',
  toxiproxyUrl: '', operationsToken: OPERATIONS_TOKEN, webhookSecret: 'whsec_tests', primaryUrl: '', slot: 0,
  startedEpochMs: Date.now(),
});

/** A part of the platform alone, with data of its own; `restart` kills it and starts it again with them. */
export async function startPart(name: string) {
  const dataDir = mkdtempSync(join(tmpdir(), `openshow-${name}-`));
  const config = testConfig(dataDir);
  const fork = () => forkPart(name, new URL(`./${name}/server.ts`, import.meta.url), config);
  let part = fork();
  config.port = await part.ready;
  const url = `http://127.0.0.1:${config.port}`;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    part.child.kill(signal);
    await part.ended;
  };
  return {
    url,
    dataDir,
    async restart(): Promise<void> {
      await end('SIGKILL');
      part = fork();
      await part.ready;
    },
    async stop(): Promise<void> {
      await end('SIGTERM');
      rmSync(dataDir, { recursive: true, force: true });
    },
    /** A request to the part's control API. */
    async control(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
      const answer = await fetch(`${url}/control/${path}`, {
        method, headers: { authorization: `Bearer ${OPERATIONS_TOKEN}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
    },
  };
}

/** True once a process has ended, also when nobody has collected it yet (a zombie). */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').slice(0, 40));
  } catch {
    return true;
  }
}

/** A user of one platform: keeps the session cookie, marks its traffic with a run id. */
export function createClient(url: string, runId = 'test-run') {
  let cookie = '';
  return {
    cookie: (): string => cookie,
    async send<T = Record<string, never>>(
      method: string, path: string, body?: unknown, headers: Record<string, string> = {},
    ): Promise<{ status: number; headers: Headers; body: T }> {
      const response = await fetch(url + path, {
        method, redirect: 'manual',
        headers: {
          cookie, 'x-test-run-id': runId, ...(body ? { 'content-type': 'application/json' } : {}), ...headers,
        },
        ...(body ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
      });
      const set = response.headers.getSetCookie()[0];
      if (set !== undefined) cookie = set.split(';')[0] ?? '';
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('application/json');
      return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T };
    },
  };
}

/** The child processes of a process (Linux). */
export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter((text) => text !== '').map(Number);

/** One connection, kept open: as the platform balances by connection, all of it is served by one worker. */
export function createConnection(url: string, token: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async send<T = Record<string, never>>(
      method: string, path: string, body?: object,
    ): Promise<{ status: number; worker: string; body: T; headers: Record<string, string | string[] | undefined> }> {
      const call = request(url + path, {
        agent, method,
        headers: {
          'authorization': `Bearer ${token}`, 'x-test-run-id': 'test-run',
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
      });
      call.end(body ? JSON.stringify(body) : undefined);
      const [response] = await once(call, 'response') as [IncomingMessage];
      const text = await textOf(response);
      const isJson = response.headers['content-type']?.includes('application/json') ?? false;
      return {
        status: response.statusCode ?? 0, worker: String(response.headers['x-served-by']), headers: response.headers,
        body: (isJson ? JSON.parse(text) : text) as T,
      };
    },
    close: (): void => agent.destroy(),
  };
}

/** All figures of a metrics page, by name with labels. */
export async function figuresOf(metricsUrl: string): Promise<Map<string, number>> {
  const text = await (await fetch(metricsUrl, { signal: AbortSignal.timeout(15_000) })).text();
  return new Map(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const at = line.lastIndexOf(' ');
    return [line.slice(0, at), Number(line.slice(at + 1))];
  }));
}

/** Polls the metrics page until it says so: what happens inside is no event out here. Fails after 20 s. */
export async function untilFigures(
  metricsUrl: string, what: string, holds: (figures: Map<string, number>) => boolean,
): Promise<Map<string, number>> {
  const deadlineMs = Date.now() + 20_000;
  for (;;) {
    const figures = await figuresOf(metricsUrl);
    if (holds(figures)) return figures;
    if (Date.now() > deadlineMs) throw new Error(`the metrics never said: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
