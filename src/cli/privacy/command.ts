import { readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { redactionOf } from '../../collect/redaction.ts';
import { CodedError } from '../../errors.ts';
import type { PrivacyReport } from '../../model/index.ts';
import type { Redactor } from '../../privacy/redactor.ts';
import { privacyExitCode, privacyLines } from './lines.ts';
import { scanAndKeep } from './scan.ts';

export const USAGE = 'npm run privacy -- reports/<runId> [--json]';
export const HELP = `Looks through everything that a run left, archives inside too, for what nobody else may read: e-mail addresses,
card numbers, tokens, phone numbers, public IP addresses, values of .env. Shows it masked, with file and line, and writes
privacy.json into the folder. Any other folder of files can be looked through as well.
  --json   prints privacy.json on standard output
exit code: 0 nothing found, 1 found something, 3 wrong use, 4 something could not be read`;

export interface PrivacySurroundings {
  /** The checkout. */
  root: string;
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
}

/** Does what `npm run privacy -- …` says and returns the exit code. Throws coded errors. */
export async function privacyCommand(args: string[], { root, environment, out }: PrivacySurroundings): Promise<number> {
  const asked = readArguments(args);
  if (asked === null) {
    out(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const folder = resolve(asked.folder);
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    throw new CodedError('J_RUN_NOT_FOUND', [{ where: asked.folder, message: 'is no folder', hint: USAGE }]);
  }
  const report = await scanRun(folder, redactionOf(root, environment));
  if (report.files + report.unread.length === 0) {
    throw new CodedError('J_RUN_NOT_FOUND', [{ where: asked.folder, message: 'holds no files: there is nothing to look through', hint: USAGE }]);
  }
  const typed = relative(process.cwd(), folder) || '.';
  out(asked.json ? `${JSON.stringify(report)}\n` : `\n ${privacyLines(report, typed).join('\n ')}\n\n`);
  return privacyExitCode(report);
}

/** Scans the folder of a run and leaves privacy.json there. The address of the run's own target is no secret. Throws J_REPORTS_UNWRITABLE. */
export async function scanRun(folder: string, redactor: Redactor): Promise<PrivacyReport> {
  const host = await targetHost(folder);
  if (host !== null) redactor.know(host);
  return scanAndKeep(folder, redactor).catch((thrown: unknown) => {
    const { code, message } = thrown as NodeJS.ErrnoException;
    throw new CodedError('J_REPORTS_UNWRITABLE', [{ where: join(folder, 'privacy.json'), message: code ?? message }], { cause: thrown });
  });
}

/** Returns the host of a run's target; null where the folder tells of none. */
async function targetHost(folder: string): Promise<string | null> {
  try {
    const { target } = JSON.parse(await readFile(join(folder, 'plan.json'), 'utf8')) as { target?: { url?: unknown } };
    return typeof target?.url === 'string' ? (URL.parse(target.url)?.hostname ?? null) : null;
  } catch {
    return null;
  }
}

function readArguments(args: string[]): { folder: string; json: boolean } | null {
  const flag = { type: 'boolean', default: false } as const;
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: { json: flag, help: { ...flag, short: 'h' } } });
  } catch (thrown) {
    throw usage((thrown as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) return null;
  const [folder = '', ...others] = positionals;
  if (folder.trim() === '' || others.length > 0) throw usage('give one folder');
  return { folder, json: values.json };
}

function usage(message: string): CodedError {
  return new CodedError('J_USAGE', [{ where: 'privacy', message, hint: USAGE }]);
}
