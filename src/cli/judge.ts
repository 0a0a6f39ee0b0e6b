import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { asCodedError, CodedError, formatError } from '../errors.ts';
import { harmless } from '../report/text.ts';
import { wantsColor } from './color.ts';
import { judgeRun } from './judge-run.ts';

const USAGE = 'npm run judge -- reports/<runId> [--slo other.yml]';
const HELP =
  "Judges a run again from its folder: writes record.json and verdict.txt, ends with the verdict's exit code.";

function usageFault(message: string): CodedError {
  return new CodedError('J_USAGE', [{ where: 'judge', message, hint: USAGE }]);
}

function readArguments(args: string[]): { runDir: string; sloFile: string | undefined; help: boolean } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { slo: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
    });
    const [runDir, ...others] = positionals;
    if (values.help) return { runDir: '', sloFile: undefined, help: true };
    if (runDir === undefined || others.length > 0) throw usageFault('give one run folder');
    return { runDir, sloFile: values.slo, help: false };
  } catch (thrown) {
    throw thrown instanceof CodedError ? thrown : usageFault((thrown as Error).message);
  }
}

async function main(): Promise<number> {
  const { runDir, sloFile, help } = readArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const text =
    sloFile === undefined
      ? null
      : await readFile(sloFile, 'utf8').catch((thrown: unknown) => {
          throw usageFault(`--slo: ${asCodedError(thrown).faults[0]?.message ?? ''}`);
        });
  const judged = await judgeRun(runDir, {
    ...(sloFile === undefined || text === null ? {} : { slo: { text, fileName: sloFile } }),
    color: wantsColor(process.env, process.stdout.isTTY),
    width: process.stdout.columns ?? 120,
    stepSummaryPath: process.env['GITHUB_STEP_SUMMARY'] || null,
  });
  process.stdout.write(`\n${judged.block}\n`);
  for (const fault of judged.reporterFaults)
    process.stderr.write(`report "${fault.reporter}" failed: ${harmless(fault.message)}\n`);
  return judged.exitCode;
}

process.exitCode = await main().catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
