import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { asCodedError, CodedError, formatError } from '../errors.ts';
import { RECORD_VERSION, RunRecord, Thresholds, type Slo } from '../model/index.ts';
import { readSlo } from '../plan/slo.ts';
import { dashboard } from '../report/ops/grafana.ts';
import { learn } from '../report/ops/learn.ts';
import { alertRules, recordingRules } from '../report/ops/rules.ts';
import { harmless } from '../report/text.ts';
import { checkDocuments, writeDocuments, type Document } from './documents.ts';

const USAGE = 'npm run ops -- [--check] [--learn reports/<runId>]… [--root <folder>]';
const HELP = `Writes the Prometheus rules and the Grafana dashboard under ops/ from slo.yml and ops/thresholds.yml.
  --check   writes nothing, and ends with 1 where a file no longer says what these two do
  --learn   takes what a run taught into ops/thresholds.yml first: how far the target's own figures went in a GO, and the
            rate that the target sustained in a stress run; of several runs in the order given
  --root    the folder that holds slo.yml and ops/; the repository when left out`;
const SLO = 'slo.yml';
const THRESHOLDS = 'ops/thresholds.yml';
const HEADER = `# What runs taught, for alerts and dashboards: written by "npm run ops -- --learn reports/<runId>". Limits
# stand in slo.yml; these are no objectives. An entry may be taken out by hand: "npm run ops" then writes rules and
# dashboard without it.
`;
const NOTHING: Thresholds = { version: 1, capacity: null, kpis: [] };

async function main(): Promise<number> {
  const { check, help, root, learn: runs } = readArguments();
  if (help) {
    process.stdout.write(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const text = await readFile(join(root, SLO), 'utf8').catch((thrown: unknown) => {
    throw new CodedError('J_SLO_INVALID', [{ where: SLO, message: reasonOf(thrown) }]);
  });
  const { slo } = readSlo(text, SLO, { profile: '' });
  let thresholds = await readThresholds(join(root, THRESHOLDS));
  for (const run of runs) thresholds = await learned(run, slo, thresholds);
  if (runs.length > 0) {
    await writeDocuments(root, [{ path: THRESHOLDS, text: HEADER + stringify(thresholds, { lineWidth: 0 }) }]);
  }
  const documents: Document[] = [
    { path: 'ops/prometheus/recording.rules.yml', text: recordingRules(slo) },
    { path: 'ops/prometheus/alert.rules.yml', text: alertRules(slo, thresholds) },
    { path: 'ops/grafana/openshow-journeys.json', text: dashboard(slo, thresholds) },
  ];
  if (check) await checkDocuments(root, documents, 'npm run ops');
  else {
    await writeDocuments(root, documents);
    const written = [...(runs.length > 0 ? [THRESHOLDS] : []), ...documents.map(({ path }) => path)];
    process.stdout.write(`${written.join('\n')}\n`);
  }
  return 0;
}

async function learned(run: string, slo: Slo, known: Thresholds): Promise<Thresholds> {
  const path = join(resolve(run), 'record.json');
  const where = harmless(run);
  const fault = (message: string): CodedError => new CodedError('J_RUN_UNREADABLE', [{ where, message }]);
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw fault(reasonOf(thrown));
    throw new CodedError('J_RUN_NOT_FOUND', [
      { where, message: 'holds no record.json', hint: `npm run judge -- ${where}` },
    ]);
  });
  const parsed = RunRecord.safeParse(jsonOf(text));
  if (!parsed.success) throw fault(`no record of version ${RECORD_VERSION}: ${parsed.error.issues[0]?.message ?? ''}`);
  const thresholds = learn(parsed.data, slo, known);
  if (thresholds !== null) return thresholds;
  const { decision } = parsed.data.verdict;
  throw new CodedError('J_NOTHING_LEARNED', [{ where, message: `${decision}, and no capacity was found` }]);
}

async function readThresholds(path: string): Promise<Thresholds> {
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new CodedError('J_THRESHOLDS_INVALID', [{ where: THRESHOLDS, message: reasonOf(thrown) }]);
  });
  if (text === null) return NOTHING;
  const parsed = Thresholds.safeParse(yamlOf(text));
  if (parsed.success) return parsed.data;
  throw new CodedError('J_THRESHOLDS_INVALID', parsed.error.issues.map(({ path: at, message }) =>
    ({ where: `${THRESHOLDS} ${at.map(String).join('.')}`.trim(), message })));
}

/** What cannot be read is nothing that a schema takes. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function yamlOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

function reasonOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException).code ?? 'cannot be read';
}

function readArguments(): { check: boolean; help: boolean; root: string; learn: string[] } {
  const fault = (message: string): CodedError => new CodedError('J_USAGE', [{ where: 'ops', message, hint: USAGE }]);
  try {
    const { values } = parseArgs({
      options: {
        check: { type: 'boolean', default: false },
        learn: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
        root: { type: 'string', default: join(import.meta.dirname, '../..') },
      },
    });
    if (values.check && values.learn.length > 0) throw fault('--check writes nothing, so that nothing can be learned');
    return values;
  } catch (error) {
    throw error instanceof CodedError ? error : fault((error as Error).message);
  }
}

process.exitCode = await main().catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
