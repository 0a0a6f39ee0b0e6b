import { parseArgs } from 'node:util';
import { CodedError } from '../../errors.ts';

export const USAGE = 'npm run drills -- [<drill> …] [--list] [--json] [--rollback reports/<runId>]';
export const HELP = `Breaks dependencies on purpose while users are there, one after the other, and shows what came of it. All drills of
artillery/profiles/drills.yml, in under ten minutes, or only those that are named.
  --list            shows the drills: what each does, and what it claims
  --rollback DIR    takes out what the drills of a run left in that could not be undone at its end
  --json            one JSON object on standard output; the run's own output goes to standard error
exit code: that of the run: 0 GO, 1 NO-GO, 2 INCONCLUSIVE, 3 refused, 4 fault of the harness or of a rollback, 130 interrupted`;

export type DrillsAction =
  | { kind: 'help' }
  | { kind: 'list' }
  | { kind: 'rollback'; runDir: string }
  | { kind: 'run'; drills: string[]; json: boolean };

/** Returns what the command line asks for. Throws J_USAGE. */
export function readArguments(args: string[]): DrillsAction {
  const flag = { type: 'boolean', default: false } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args, allowPositionals: true, options: { list: flag, json: flag, rollback: { type: 'string' }, help: { ...flag, short: 'h' } },
    });
  } catch (error) {
    throw usage((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) return { kind: 'help' };
  const alone = (option: string, others: boolean): void => {
    if (others || positionals.length > 0 || values.json) throw usage(`${option} goes alone`);
  };
  if (values.rollback !== undefined) {
    alone('--rollback', values.list);
    if (values.rollback.trim() === '') throw usage('--rollback wants the folder of a run');
    return { kind: 'rollback', runDir: values.rollback };
  }
  if (values.list) {
    alone('--list', false);
    return { kind: 'list' };
  }
  // A comma would end a name in the setting that hands them on.
  const wrong = positionals.find((name) => !/^[a-z0-9][a-z0-9-]*$/.test(name));
  if (wrong !== undefined) throw usage(`${JSON.stringify(wrong)} is no name of a drill; --list shows them`);
  return { kind: 'run', drills: positionals, json: values.json };
}

export function usage(message: string): CodedError {
  return new CodedError('J_USAGE', [{ where: 'drills', message, hint: USAGE }]);
}
