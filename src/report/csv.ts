import { join } from 'node:path';
import type { Finding, RunRecord } from '../model/index.ts';
import type { Reporter } from './reporter.ts';
import { harmless } from './text.ts';
import { writeWhole } from './write-file.ts';

/** What findings are about, a column each, so that files of several runs can be put under each other. */
const SCOPE = [
  'journey', 'step', 'page', 'vital', 'route', 'scenario', 'service', 'kpi', 'breach', 'drill', 'expect', 'per',
];

/**
 * Returns the findings as CSV (RFC 4180), a row each, with the run in every row. An empty cell is a value that is not
 * known, never 0. Text that a spreadsheet would take for a formula begins with an apostrophe.
 */
export async function findingsCsv(record: RunRecord): Promise<string> {
  const { stringify } = await import('csv-stringify/sync');
  const { plan, findings, environment, provenance } = record;
  const others = findings.flatMap(({ scope }) => Object.keys(scope)).filter((key) => !SCOPE.includes(key));
  const scope = [...SCOPE, ...[...new Set(others)].sort()];
  const run: Cell[] = [
    plan.runId, new Date(plan.startedAtEpochMs).toISOString(), plan.profile, plan.target.url,
    environment?.commit ?? null, provenance.harnessVersion,
  ];
  const header = [
    'run_id', 'started_at', 'profile', 'target', 'commit', 'harness_version', 'metric', ...scope.map(harmless),
    'stat', 'value', 'low', 'high', 'unit', 'n', 'censored', 'unmeasured', 'events', 'window',
  ];
  const rows = findings.map((one) =>
    [...run, one.metric, ...scope.map((key) => one.scope[key] ?? null), ...figures(one)]);
  return stringify([header, ...rows.map((row) => row.map(cell))], { record_delimiter: 'windows' });
}

type Cell = string | number | null;

function figures({ stat, value, interval, unit, n, censored, unmeasured, events, window }: Finding): Cell[] {
  return [stat, value, interval?.low ?? null, interval?.high ?? null, unit, n, censored, unmeasured, events, window];
}

/** OWASP, "CSV injection": a cell of text that begins with one of these may be worked out as a formula. */
const FORMULA = /^[=+\-@\uff0b\uff0d\uff1d\uff20]/;

function cell(value: Cell): string | null {
  if (value === null) return null;
  // Numbers are ours, and may be negative.
  if (typeof value !== 'string') return String(value);
  const text = harmless(value);
  return FORMULA.test(text) ? `'${text}` : text;
}

/** findings.csv: every figure of the run, for spreadsheets. */
export const csvReporter: Reporter = {
  name: 'findings.csv',
  write: async (record, context) => {
    await writeWhole(join(context.runDir, 'findings.csv'), await findingsCsv(record));
  },
};
