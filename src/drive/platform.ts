import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { CodedError } from '../errors.ts';
import { keepLog } from './platform-log.ts';

export interface PlatformOptions {
  /** The command that starts the platform and prints one JSON line when it is ready. */
  command: string[];
  logFile: string;
  /** Fixed port; any free one when undefined. */
  port?: number | undefined;
  readyLimitMs?: number;
}

export interface RunningPlatform {
  url: string;
  /** Its own figures, in Prometheus text format. */
  metricsUrl: string;
  /** The providers' own addresses, and the API of the fault proxy before them; null where it tells of none. */
  paymentsUrl: string | null;
  modelUrl: string | null;
  storageUrl: string | null;
  toxiproxyUrl: string | null;
  /** Of its operations API and of the providers' control APIs. */
  operationsToken: string | null;
  /** Processes of its parts, by name. */
  pids: Record<string, number>;
  pid: number;
  /** Ends it and what it started; resolves when it is gone. */
  stop(): Promise<void>;
  /** For the process's own exit, where nothing can be awaited. */
  killNow(): void;
  /** Resolves with a message if it ends before it is told to. */
  readonly died: Promise<string>;
}

type Ready = Omit<RunningPlatform, 'pid' | 'stop' | 'killNow' | 'died'>;

const READY_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 5_000;
/** For the last lines of the log of a program that is gone: something it started may still hold its end. */
const LOG_LIMIT_MS = 1_000;

/**
 * Starts the bundled platform as processes of its own and returns its address once every part answers. It ends when our
 * end of its standard input closes, so it cannot outlive a harness that was killed. Throws J_PORT_TAKEN, J_PLATFORM_START.
 */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  const [program = '', ...args] = options.command;
  // A process group of its own: a Ctrl-C in the terminal is ours to handle, in our order.
  const child = spawn(program, [...args, '--json', '--exit-with-stdin', '--port', String(options.port ?? 0)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const logged = keepLog(child.stderr, options.logFile);
  child.stdin.on('error', () => {});
  const exited = once(child, 'exit').then(([code, signal]) => `ended with ${signal ?? `exit code ${code}`}`);
  exited.catch(() => {});
  let stopping = false;
  const died = new Promise<string>((resolve) => {
    // A program that cannot be started rejects here too; whoever waits for the ready line tells it.
    exited.then((how) => {
      if (!stopping) resolve(how);
    }, () => {});
  });
  try {
    const ready = await readyLine(child, exited, options.readyLimitMs ?? READY_LIMIT_MS);
    return {
      ...ready,
      pid: child.pid ?? 0,
      died,
      stop: async () => {
        stopping = true;
        await stop(child, exited);
        await atMost(LOG_LIMIT_MS, logged);
      },
      killNow: () => {
        stopping = true;
        killGroup(child.pid, 'SIGKILL');
      },
    };
  } catch (error) {
    stopping = true;
    await stop(child, exited);
    await atMost(LOG_LIMIT_MS, logged);
    const said = lastLine(options.logFile);
    if (/P_PORT_TAKEN/.test(said)) throw new CodedError('J_PORT_TAKEN', [{ where: `port ${options.port}`, message: said }]);
    throw new CodedError('J_PLATFORM_START', [{ where: options.logFile, message: said || (error as Error).message }], { cause: error });
  }
}

async function readyLine(child: ChildProcess, exited: Promise<string>, limitMs: number): Promise<Ready> {
  if (!child.stdout) throw new Error('no standard output');
  const lines = createInterface({ input: child.stdout });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      new Promise<Ready>((resolve) => {
        lines.on('line', (line) => {
          const ready = parseReady(line);
          if (ready) resolve(ready);
        });
      }),
      exited.then((how) => Promise.reject(new Error(how))),
      once(child, 'error').then(([error]) => Promise.reject(error as Error)),
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not ready after ${limitMs} ms`)), limitMs);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

function parseReady(line: string): Ready | null {
  try {
    const said = JSON.parse(line) as Partial<Ready> & { event?: string };
    const { event, url, metricsUrl, paymentsUrl = null, modelUrl = null, storageUrl = null, toxiproxyUrl = null, operationsToken = null, pids = {} } = said;
    if (event !== 'ready' || !url) return null;
    return { url, metricsUrl: metricsUrl ?? `${url}/metrics`, paymentsUrl, modelUrl, storageUrl, toxiproxyUrl, operationsToken, pids };
  } catch {
    return null;
  }
}

async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(timer);
}

async function atMost(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  })]);
  clearTimeout(timer);
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (!pid) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Already gone, which is what was wanted.
  }
}

function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '';
  } catch {
    return '';
  }
}
