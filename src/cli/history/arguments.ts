import { parseArgs } from 'node:util';
import { CodedError } from '../../errors.ts';

export const USAGE = 'npm run history -- [gate <id>] [--profile <name>] [--last <number>] [--json] | rebuild';
export const HELP = `Shows the runs and the checks of the reports folder, newest first, from an embedded database (history.sqlite) that is brought up to
date with the files beforehand.
  gate ID         one gate over the runs that judged it
  rebuild         makes the database anew from the files
  --profile NAME  only runs of this profile
  --last NUMBER   so many; 20 when left out
  --json          one JSON object on standard output
exit code: 0 shown, whatever the verdicts; 3 refused, 4 fault of the harness, 130 interrupted`;

interface Shown {
  profile: string | undefined;
  last: number;
  json: boolean;
}
export type HistoryArguments = { kind: 'help' } | { kind: 'rebuild' } | ({ kind: 'runs' } & Shown) | ({ kind: 'gate'; id: string } & Shown);

const LAST = 20;
const MOST = 100_000;

/** Returns what the command line asks for. Throws J_USAGE. */
export function readArguments(args: string[]): HistoryArguments {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args, allowPositionals: true,
      options: { help: { ...flag, short: 'h' }, json: flag, profile: { type: 'string' }, last: { type: 'string' } },
    });
    if (values.help) return { kind: 'help' };
    const last = values.last === undefined ? LAST : Number(values.last);
    if (!Number.isInteger(last) || last < 1 || last > MOST) throw new Error(`--last: a whole number from 1 to ${MOST}`);
    const shown: Shown = { profile: values.profile, last, json: values.json };
    const [what, id, ...others] = positionals;
    if (what === undefined) return { kind: 'runs', ...shown };
    if (what === 'rebuild' && id === undefined) {
      if (values.json || values.profile !== undefined || values.last !== undefined) throw new Error('rebuild takes no options');
      return { kind: 'rebuild' };
    }
    if (what === 'gate' && id !== undefined && others.length === 0) return { kind: 'gate', id, ...shown };
    throw new Error(what === 'gate' ? 'give the id of one gate, as in slo.yml' : `"${positionals.join(' ')}" is nothing that it does`);
  } catch (thrown) {
    throw new CodedError('J_USAGE', [{ where: 'history', message: (thrown as Error).message, hint: USAGE }]);
  }
}
