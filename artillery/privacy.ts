import { relative } from 'node:path';
import { scanRun } from '../src/cli/privacy/command.ts';
import { privacyExitCode, privacyLines } from '../src/cli/privacy/lines.ts';
import { redaction } from '../src/collect/redaction.ts';
import { asCodedError, formatError } from '../src/errors.ts';
import type { Plan } from '../src/model/index.ts';
import { say } from './artillery-global.ts';

/**
 * Looks through all that a run has written, says what was found, and returns the exit code that asks for: 0, 1 or 4. Never
 * throws: a run that could not be looked through must not be published, and still has its verdict.
 */
export async function checkPrivacy(runDir: string): Promise<number> {
  try {
    const report = await scanRun(runDir, redaction());
    say(`${privacyLines(report, relative(process.cwd(), runDir) || '.').map((line) => ` ${line}`).join('\n')}\n`);
    return privacyExitCode(report);
  } catch (thrown) {
    const error = asCodedError(thrown);
    process.stderr.write(`${redaction().text(formatError(error))}\n`);
    return error.exitCode;
  }
}

/**
 * Says at once where the plan itself holds something private, as a script or scenario may: it goes into the run's folder as
 * it is, since what is sent must be what was planned.
 */
export function tellPrivatePlan(plan: Plan): void {
  const kinds = new Set(redaction().find(JSON.stringify(plan)).map(({ kind }) => kind));
  if (kinds.size > 0) say(`privacy  the plan itself holds private data (${[...kinds].join(', ')}): this run will be no GO for publishing`);
}
