import { accessSync, constants, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PartFault } from './shared/part.ts';

export interface Options {
  port: number;
  /** null: a fresh temporary directory, removed at exit. */
  dataDir: string | null;
  seed: number;
  agentIdleMs: number;
  json: boolean;
  exitWithStdin: boolean;
  help: boolean;
}

export const USAGE = `Starts the OpenShow reference platform on loopback.

  node platform/main.ts [options]

  --port N            port of the web pages, 0 for any free one (default 4600)
  --data DIR          keep the data there (default: a temporary directory, removed at exit)
  --seed N            seed of the generated data and texts (default 1)
  --agent-idle-ms N   let the agent runner go after this idle time (default 20000)
  --json              print one line of JSON when ready, and nothing else
  --exit-with-stdin   end when standard input closes
`;

function whole(name: string, text: string, highest: number): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= highest) return Number(text);
  throw new PartFault('P_USAGE', `--${name} must be a whole number from 0 to ${highest}, not "${text}"`);
}

/** Options from the command line. Throws PartFault P_USAGE. */
export function readOptions(args: string[]): Options {
  const string = (value: string) => ({ type: 'string', default: value }) as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: string('4600'), data: { type: 'string' }, seed: string('1'), 'agent-idle-ms': string('20000'), json: flag,
        'exit-with-stdin': flag, help: { ...flag, short: 'h' },
      },
    });
    return {
      port: whole('port', values.port, 65535), dataDir: values.data ?? null,
      seed: whole('seed', values.seed, 4294967295),
      agentIdleMs: whole('agent-idle-ms', values['agent-idle-ms'], 3_600_000),
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
