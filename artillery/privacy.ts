import { relative } from 'node:path';
import { scanRun } from '../src/cli/privacy/command.ts';
import { privacyExitCode, privacyLines } from '../src/cli/privacy/lines.ts';
import { redaction } from '../src/collect/redaction.ts';
import { asCodedError, formatError } from '../src/errors.ts';
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
