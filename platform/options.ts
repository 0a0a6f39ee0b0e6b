import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { faultsHelp, parseFaults } from './shared/faults.ts';
import { PartFault } from './shared/part.ts';
import type { Tuning } from './shared/part.ts';

export interface Options extends Tuning {
  port: number;
  /** null: a fresh temporary directory, removed at exit. */
  dataDir: string | null;
  operationsToken: string;
  json: boolean;
  exitWithStdin: boolean;
  help: boolean;
}

export const USAGE = `Starts the OpenShow reference platform on loopback.

  node platform/main.ts [options]

  --port N               port of the web pages, 0 for any free one (default 4600)
  --data DIR             keep the data there (default: a temporary directory, removed at exit)
  --seed N               seed of the generated data and texts (default 1)
  --workers MIN-MAX      web workers, added under load and let go after it (default 1-3)
  --worker-idle-ms N     let a web worker go when the others could do its work for this long (default 20000)
  --agent-concurrency N  agent tasks at the same time (default 8)
  --agent-queue N        agent tasks that may wait; more are refused with 503 (default 64)
  --agent-idle-ms N      let the agent runner go after this idle time (default 20000)
  --payment-pending-ms N give a payment up when the provider has none of it after this long (default 600000)
  --json                 print one line of JSON when ready, and nothing else
  --exit-with-stdin      end when standard input closes

  faults, to test a test with; --fault name=value, as often as needed:
${faultsHelp()}
  PLATFORM_WORKERS=1-3 and PLATFORM_FAULTS=leak=1,drift=600 in the environment do the same as the options, which win.
  PLATFORM_OPERATIONS_TOKEN sets the token of the operations and control APIs (default: a random one, printed at start).
`;

function whole(name: string, text: string, lowest: number, highest: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= lowest && value <= highest) return value;
  throw new PartFault('P_USAGE', `--${name} must be a whole number from ${lowest} to ${highest}, not "${text}"`);
}

function workerRange(text: string): { min: number; max: number } {
  const [, low = '', high = low] = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(text) ?? [];
  const [min, max] = [Number(low), Number(high)];
  if (min >= 1 && max >= min && max <= 32) return { min, max };
  throw new PartFault('P_USAGE', `--workers must be MIN-MAX from 1 to 32, such as 1-3, not "${text}"`);
}

/** An environment is not listed for everybody, as a command line is. It must fit into a header. */
function operationsToken(given: string | undefined): string {
  if (!given) return randomBytes(24).toString('base64url');
  if (/^[\x21-\x7e]{8,256}$/.test(given)) return given;
  throw new PartFault('P_USAGE', 'PLATFORM_OPERATIONS_TOKEN must be 8 to 256 visible characters without spaces');
}

/** Options from the command line and the environment. Throws PartFault P_USAGE. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv = process.env): Options {
  const string = (value: string) => ({ type: 'string', default: value }) as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        'port': string('4600'), 'data': { type: 'string' }, 'seed': string('1'), 'json': flag,
        'workers': string(env['PLATFORM_WORKERS'] || '1-3'), 'worker-idle-ms': string('20000'),
        'agent-concurrency': string('8'), 'agent-queue': string('64'), 'agent-idle-ms': string('20000'),
        'payment-pending-ms': string('600000'),
        'fault': { type: 'string', multiple: true, default: [] },
        'exit-with-stdin': flag, 'help': { ...flag, short: 'h' },
      },
    });
    const planted = (env['PLATFORM_FAULTS'] ?? '').split(',').filter((text) => text.trim() !== '');
    return {
      port: whole('port', values.port, 0, 65535), dataDir: values.data ?? null,
      seed: whole('seed', values.seed, 0, 4294967295),
      workers: workerRange(values.workers),
      workerIdleMs: whole('worker-idle-ms', values['worker-idle-ms'], 0, 3_600_000),
      agentConcurrency: whole('agent-concurrency', values['agent-concurrency'], 1, 1000),
      agentQueue: whole('agent-queue', values['agent-queue'], 0, 100_000),
      agentIdleMs: whole('agent-idle-ms', values['agent-idle-ms'], 0, 3_600_000),
      paymentPendingMs: whole('payment-pending-ms', values['payment-pending-ms'], 1000, 86_400_000),
      faults: parseFaults([...planted, ...values.fault]),
      operationsToken: operationsToken(env['PLATFORM_OPERATIONS_TOKEN']),
      json: values.json, exitWithStdin: values['exit-with-stdin'], help: values.help,
    };
  } catch (error) {
    if (error instanceof PartFault) throw error;
    throw new PartFault('P_USAGE', (error as Error).message.split('\n')[0] ?? 'unknown option');
  }
}

/** A writable directory for the data. Throws PartFault P_DATA_DIR. */
export function prepareDataDir(asked: string | null): { dataDir: string; temporary: boolean } {
  try {
    if (asked === null) return { dataDir: mkdtempSync(join(tmpdir(), 'openshow-')), temporary: true };
    const dataDir = resolve(asked);
    mkdirSync(dataDir, { recursive: true });
    accessSync(dataDir, constants.W_OK);
    return { dataDir, temporary: false };
  } catch (error) {
    throw new PartFault('P_DATA_DIR', `the data directory cannot be written: ${(error as Error).message}`);
  }
}
