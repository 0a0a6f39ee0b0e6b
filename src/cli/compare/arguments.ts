import { parseArgs } from 'node:util';
import { MARGIN_PERCENT } from '../../analyze/compare/margins.ts';
import { CodedError } from '../../errors.ts';

export const USAGE = 'npm run compare -- [A] [B] [--baseline <name>] [--margin <percent>] [--json] | --save-baseline <name> [run]';
export const HELP = `Says whether run B is better or worse than run A, or the same, gate by gate and step by step, and writes a report of it into B's
folder. A and B are run folders or ids. With one run, A is the last GO before it of the same profile and target; with none, B is the
newest run.
  --baseline NAME       A is the baseline saved under this name, or a baseline's file
  --save-baseline NAME  keeps a run (the newest when none is given) as this baseline, in the place of an older one
  --margin PERCENT      changes of less than this share of A's value matter to nobody; ${MARGIN_PERCENT} when left out
  --json                one JSON object on standard output
exit code: 0 better or the same, 1 worse, 2 can't tell or nothing to compare with, 3 refused, 4 fault of the harness, 130 interrupted`;

export type CompareArguments =
  | { kind: 'help' }
  | { kind: 'save'; run: string | null; name: string }
  | { kind: 'compare'; a: { run: string } | { baseline: string } | null; b: string | null; marginPercent: number; json: boolean };

const MOST_MARGIN = 1_000;

/** Returns what the command line asks for. Throws J_USAGE. */
export function readArguments(args: string[]): CompareArguments {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args, allowPositionals: true,
      options: { 'help': { ...flag, short: 'h' }, 'json': flag, 'margin': text, 'baseline': text, 'save-baseline': text },
    });
    if (values.help) return { kind: 'help' };
    const { baseline, 'save-baseline': save, json } = values;
    if ([baseline, save].includes('') || positionals.includes('')) throw new Error('a name is empty');
    if (save !== undefined) {
      if (baseline !== undefined || json || values.margin !== undefined) throw new Error('--save-baseline goes with one run and no other option');
      if (positionals.length > 1) throw new Error('give one run to save, or none for the newest');
      return { kind: 'save', run: positionals[0] ?? null, name: save };
    }
    const [first, second, ...others] = positionals;
    if (others.length > 0) throw new Error('give two runs at most');
    if (baseline !== undefined && second !== undefined) throw new Error('give one run with --baseline: the baseline is the other one');
    const marginPercent = values.margin === undefined ? MARGIN_PERCENT : Number(values.margin);
    if (values.margin?.trim() === '' || !(marginPercent >= 0 && marginPercent <= MOST_MARGIN)) throw new Error(`--margin: a number from 0 to ${MOST_MARGIN}`);
    const a = baseline !== undefined ? { baseline } : second !== undefined && first !== undefined ? { run: first } : null;
    return { kind: 'compare', a, b: second ?? first ?? null, marginPercent, json };
  } catch (thrown) {
    throw new CodedError('J_USAGE', [{ where: 'compare', message: (thrown as Error).message, hint: USAGE }]);
  }
}
