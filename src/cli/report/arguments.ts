import { parseArgs } from 'node:util';
import { CodedError } from '../../errors.ts';

export const USAGE = 'npm run report [-- reports/<runId>] [--no-open] [--json] [--publish-anyway]';
export const HELP = `Builds the Allure report of a run, the newest one when none is named, with the functional journeys beside its gates and with
what earlier runs of the same script, profile and target came to. Opens it in a browser where there is a desktop.
  --no-open   only builds it
  --json      prints one JSON object on standard output, and opens nothing
  --publish-anyway   builds it although the run holds what nobody else may read (npm run privacy), and says so
exit code: 0 built, whatever the verdict; 1 not built, since it would show something private; 3 no such run; 4 it could not be built; 130 interrupted`;

export interface ReportArguments {
  /** Null: the newest. */
  runDir: string | null;
  open: boolean;
  json: boolean;
  publishAnyway: boolean;
}

/** Returns what the command line asks for, or null where it asks for help. Throws J_USAGE. */
export function readArguments(args: string[]): ReportArguments | null {
  const flag = { type: 'boolean', default: false } as const;
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: { 'no-open': flag, json: flag, 'publish-anyway': flag, help: { ...flag, short: 'h' } } });
  } catch (thrown) {
    throw usage((thrown as Error).message);
  }
  const { values, positionals } = parsed;
  const [runDir, ...others] = positionals;
  if (values.help) return null;
  if (others.length > 0) throw usage('give one run folder, or none for the newest');
  return { runDir: runDir ?? null, open: !values['no-open'] && !values.json, json: values.json, publishAnyway: values['publish-anyway'] };
}

function usage(message: string): CodedError {
  return new CodedError('J_USAGE', [{ where: 'report', message, hint: USAGE }]);
}
