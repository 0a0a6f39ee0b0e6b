import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { asCodedError, CodedError, formatError } from '../errors.ts';
import { readSettings } from '../plan/settings.ts';
import { harmless } from '../report/text.ts';
import { wantsColor } from './color.ts';
import { judgeRun } from './judge-run.ts';
import { annotatorOf, outletsOf, withoutCommands } from './outlets.ts';
import { sourceUrl } from './source-url.ts';

const USAGE = 'npm run judge -- reports/<runId> [--slo other.yml] [--send]';
const HELP = `Judges a run again from its folder: writes its reports, ends with the verdict's exit code.
  --slo    judges by the gates of another slo.yml
  --send   sends the figures as a run does at its end (PUSHGATEWAY_URL, OTEL_EXPORTER_OTLP_ENDPOINT)`;

function usageFault(message: string): CodedError {
  return new CodedError('J_USAGE', [{ where: 'judge', message, hint: USAGE }]);
}

interface Arguments {
  runDir: string;
  sloFile: string | undefined;
  send: boolean;
  help: boolean;
}

function readArguments(args: string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        slo: { type: 'string' },
        send: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const [runDir, ...others] = positionals;
    const { send, help } = values;
    if (help) return { runDir: '', sloFile: undefined, send, help };
    if (runDir === undefined || others.length > 0) throw usageFault('give one run folder');
    return { runDir, sloFile: values.slo, send, help };
  } catch (thrown) {
    throw thrown instanceof CodedError ? thrown : usageFault((thrown as Error).message);
  }
}

async function main(): Promise<number> {
  const { runDir, sloFile, send, help } = readArguments(process.argv.slice(2));
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
    sourceUrl: sourceUrl(process.env),
    // An old run that is judged again must not take the place of a newer one by itself.
    outlets: send
      ? outletsOf(readSettings(process.cwd(), process.env), process.env)
      : { annotate: annotatorOf(process.env), pushgatewayUrl: null, otel: false },
  });
  process.stdout.write(`${withoutCommands(`\n${judged.block}`, process.env, randomUUID())}\n`);
  for (const fault of judged.reporterFaults)
    process.stderr.write(`report "${fault.reporter}" failed: ${harmless(fault.message)}\n`);
  return judged.exitCode;
}

process.exitCode = await main().catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
