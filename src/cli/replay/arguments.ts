import { parseArgs } from 'node:util';
import { CodedError } from '../../errors.ts';
import { didYouMean } from '../../nearest.ts';
import { LOG_FORMATS, type LogFormat } from '../../replay/import/formats.ts';
import { parseKeep, type Keep } from '../../replay/import/paths.ts';

export const USAGE = `npm run replay -- import <access.log[.gz]> … [--format auto] [--keep /find/:slug,/search]
                      [--terms words.txt] [--key-file file] [--out file]
npm run replay -- generate [--minutes 10] [--requests 3000] [--seed 1] [--as fixture|combined] [--out file]
npm run replay -- show <fixture.ndjson.gz>`;
export const HELP = `import    makes an anonymous traffic fixture of logs, in which nothing tells who asked for what:
  --format F       auto (default), ${LOG_FORMATS.join(', ')}
  --keep A,B       pages that are public, as patterns: their words stay, all else is hashed. May be given again
  --terms FILE     search terms that may stay, one a line; of all others only the class is kept (word, number, …)
  --key-file FILE  the key of the hashes, so that two imports can be compared; made where there is none, and to be kept
                   secret. Without it a random key is used once and thrown away
  --out FILE       reports/traffic/<name of the first log>.ndjson.gz when left out
generate  writes synthetic search traffic for the bundled platform: people, crawlers, few pages that draw the most
  --minutes N, --requests N, --seed N   how long, about how many, and which; the same every time
  --as combined    as a log of nginx or Apache in place of a fixture
show      tells what is in a fixture
exit code: 0 done, 3 refused: wrong options, or nothing that could be read, 4 not written, 130 interrupted`;

export interface ImportArguments {
  action: 'import';
  logs: string[];
  format: LogFormat | 'auto';
  keeps: Keep[];
  terms: string | null;
  keyFile: string | null;
  out: string | null;
}

export interface GenerateArguments {
  action: 'generate';
  minutes: number;
  requests: number;
  seed: number;
  as: 'fixture' | 'combined';
  out: string | null;
}

export type ReplayArguments =
  | ImportArguments
  | GenerateArguments
  | { action: 'show'; fixture: string }
  | { action: 'help' };

const ACTIONS = ['import', 'generate', 'show'];
const OPTIONS: Record<string, string[]> = {
  import: ['format', 'keep', 'terms', 'key-file', 'out'],
  generate: ['minutes', 'requests', 'seed', 'as', 'out'],
  show: [],
};
const DEFAULTS = { minutes: 10, requests: 3_000, seed: 1 };
const MOST = { minutes: 7 * 24 * 60, requests: 20_000_000, seed: 2 ** 31 - 1 };

/** Returns what the command line asks for. Throws J_USAGE. */
export function readArguments(args: string[]): ReplayArguments {
  const text = { type: 'string' } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args, allowPositionals: true,
      options: {
        format: text, keep: { type: 'string', multiple: true }, terms: text, 'key-file': text, out: text,
        minutes: text, requests: text, seed: text, as: text, help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (thrown) {
    throw usage((thrown as Error).message);
  }
  const { values, positionals: [action, ...names] } = parsed;
  if (values.help) return { action: 'help' };
  if (action === undefined) throw usage('say import, generate or show');
  const options = OPTIONS[action];
  if (!options) throw usage(`there is no "${action}"`, didYouMean(action, ACTIONS));
  for (const [name, value] of Object.entries(values)) {
    if (name !== 'help' && !options.includes(name)) throw usage(`--${name} does not go with ${action}`);
    if (value === '') throw usage(`--${name} is empty`);
  }
  const out = values.out ?? null;
  if (action === 'show') {
    if (names.length !== 1) throw usage('show wants one fixture');
    return { action, fixture: names[0] as string };
  }
  if (action === 'generate') {
    if (names.length > 0) throw usage(`generate reads no file: ${names.join(' ')}`, 'name a file to write with --out');
    const as = values.as ?? 'fixture';
    if (as !== 'fixture' && as !== 'combined') throw usage(`--as ${as}`, 'fixture or combined');
    const number = (name: keyof typeof DEFAULTS): number => whole(name, values[name]);
    return { action, minutes: number('minutes'), requests: number('requests'), seed: number('seed'), as, out };
  }
  if (names.length === 0) throw usage('import wants one log or more');
  return {
    action: 'import', logs: [...new Set(names)], format: formatOf(values.format ?? 'auto'),
    keeps: (values.keep ?? []).flatMap((list) => list.split(',')).map(keepOf), terms: values.terms ?? null,
    keyFile: values['key-file'] ?? null, out,
  };
}

function formatOf(name: string): LogFormat | 'auto' {
  const known = ['auto', ...LOG_FORMATS] as const;
  const found = known.find((one) => one === name);
  if (found === undefined) throw usage(`--format ${name}`, didYouMean(name, known));
  return found;
}

function keepOf(text: string): Keep {
  const keep = parseKeep(text.trim());
  if (keep) return keep;
  throw usage(`--keep ${text}: is no pattern`, 'a path with names for what changes: /find/:slug, /search?skill&city');
}

function whole(name: keyof typeof DEFAULTS, text: string | undefined): number {
  if (text === undefined) return DEFAULTS[name];
  const value = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
  if (value >= 1 && value <= MOST[name]) return value;
  throw usage(`--${name} ${text}`, `a whole number from 1 to ${MOST[name]}`);
}

/** Returns the error for options that cannot be. */
export function usage(message: string, hint?: string): CodedError {
  return new CodedError('J_USAGE', [{ where: 'replay', message, hint: hint ?? 'npm run replay -- --help' }]);
}
