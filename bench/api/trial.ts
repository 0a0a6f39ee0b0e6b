import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { treeCpuMs } from '../process-cpu.ts';
import type { Truth } from './server.ts';
import type { Measured, Order, Tool } from './tools.ts';

/** What a tool measured, and what is true. */
export interface Trial {
  measured: Measured;
  truth: Truth;
  /** Requests that the server had a second. */
  requestsPerSecond: number | null;
  /** Cores that the tool used while it sent, without its start. */
  cores: number | null;
}

const SAMPLE_EVERY_MS = 100;
/** Part of the sending that passes before CPU is counted: compilers are at work. */
const WARM_UP_SHARE = 0.25;

/** The server with the known delay, in its own process. */
export class DelayServer {
  readonly #child: ChildProcess;
  readonly origin: string;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.origin = `http://127.0.0.1:${port}`;
  }

  static async start(delayMs: number): Promise<DelayServer> {
    const child = fork(join(import.meta.dirname, 'server.ts'), [String(delayMs)]);
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new DelayServer(child, port);
  }

  /** Returns what it saw since the last call. */
  async truth(): Promise<Truth> {
    this.#child.send('truth');
    const [{ truth }] = (await once(this.#child, 'message')) as [{ truth: Truth }];
    return truth;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill();
    await gone;
  }
}

/** Runs a tool once. Throws with what it said where it fails. */
export async function trial(tool: Tool, server: DelayServer, order: Order): Promise<Trial> {
  await server.truth();
  const { file, args, env } = tool.command(order);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const samples: { atMs: number; cpuMs: number }[] = [];
  const timer = setInterval(() => {
    if (child.pid !== undefined) samples.push({ atMs: Date.now(), cpuMs: treeCpuMs(child.pid) });
  }, SAMPLE_EVERY_MS);
  let [output, complaint] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  let code: number | null;
  try {
    [code] = (await once(child, 'close')) as [number | null];
  } finally {
    clearInterval(timer);
    child.kill();
  }
  if (code !== 0) throw new Error(`${tool.id} ended with ${code}: ${complaint.trim().split('\n').slice(-3).join(' ')}`);
  const truth = await server.truth();
  const seconds = truth.firstMs === null || truth.lastMs === null ? 0 : (truth.lastMs - truth.firstMs) / 1_000;
  return {
    measured: tool.read(output, order), truth,
    requestsPerSecond: seconds > 0 ? truth.n / seconds : null, cores: coresOf(samples, truth),
  };
}

/** The slope of the CPU time between the samples that lie in the sending, after its warm-up. */
function coresOf(samples: readonly { atMs: number; cpuMs: number }[], { firstMs, lastMs }: Truth): number | null {
  if (firstMs === null || lastMs === null) return null;
  const fromMs = firstMs + WARM_UP_SHARE * (lastMs - firstMs);
  const within = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= lastMs);
  const [first, last] = [within[0], within.at(-1)];
  return first && last && last.atMs > first.atMs ? (last.cpuMs - first.cpuMs) / (last.atMs - first.atMs) : null;
}
