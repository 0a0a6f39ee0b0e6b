import { appendFile } from 'node:fs/promises';
import type { RunRecord } from '../model/index.ts';
import { overrideLines } from './guards.ts';
import { gateGroups, headline } from './lines.ts';
import type { GateLine } from './lines.ts';
import type { Reporter } from './reporter.ts';
import { harmless } from './text.ts';

const SPECIAL = /[&<>\\`*_{}[\]()#+!|~@]/g;

/** Names come from outside: as character references, nothing in them is markup, a mention or the end of a cell. */
export function escape(text: string): string {
  return harmless(text).replace(SPECIAL, (sign) => `&#${sign.charCodeAt(0)};`);
}

const TABLE_HEAD = ['| | gate | | observed | interval | limit | | | |', '| - | - | - | - | - | - | - | - | - |'];

function row(line: GateLine, sourceUrl: string | null): string {
  const cells = [
    line.mark,
    `${line.subject} ${line.detail}`,
    line.stat,
    line.words ?? line.observed,
    line.interval,
    line.limit,
    line.n,
    line.notes[0] ?? '',
  ].map(escape);
  return `| ${[...cells, runbook(line, sourceUrl)].join(' | ')} |`;
}

/** The page that says what to do; where its address is not known, its path. */
function runbook({ runbook: path }: GateLine, sourceUrl: string | null): string {
  if (path === null) return '';
  return sourceUrl === null ? escape(path) : `[runbook](${encodeURI(`${sourceUrl}${path}`)})`;
}

/** Returns the verdict as short markdown: the decision, and every gate unless all passed; links lead below `sourceUrl`. */
export function stepSummary(record: RunRecord, sourceUrl: string | null = null): string {
  const lines = gateGroups(record).flat();
  const open = lines.filter((line) => line.status !== 'pass');
  const passed = lines.length - open.length;
  return [
    `### ${record.verdict.decision} · ${escape(headline(record))}`,
    '',
    escape(record.verdict.reason),
    '',
    ...overrideLines(record).flatMap((line) => [`**${escape(line)}**`, '']),
    ...(open.length === 0
      ? []
      : [...TABLE_HEAD, ...open.map((line) => row(line, sourceUrl)), '']),
    `${passed} of ${lines.length} gates passed · run ${escape(record.plan.runId)}`,
    '',
  ].join('\n');
}

/** Appends to the file that a CI service shows beside its job, where there is one. */
export const stepSummaryReporter: Reporter = {
  name: 'step summary',
  write: async (record, context) => {
    if (context.stepSummaryPath !== null) await appendFile(context.stepSummaryPath, `${stepSummary(record, context.sourceUrl ?? null)}\n`);
  },
};
