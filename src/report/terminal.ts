import { styleText } from 'node:util';
import type { Decision, GateStatus, RunRecord } from '../model/index.ts';
import { drillLines } from './drill-lines.ts';
import { overrideLines } from './guards.ts';
import { MARKS, facts, gateGroups, headline, runNotes } from './lines.ts';
import type { GateLine } from './lines.ts';
import { replayLines } from './replay-lines.ts';
import { cells, cut, cutMiddle, harmless, padEnd, padStart, wrap } from './text.ts';

export interface BlockOptions {
  /** Path of the run folder as a person would type it. */
  runPath: string;
  /** Terminal width in cells; 80 at least is made use of. */
  width: number;
  color: boolean;
}

type Style = 'green' | 'red' | 'yellow' | 'dim' | 'bold';
type Paint = (style: Style, text: string) => string;

const DECISION_STYLE: Record<Decision, Style> = { GO: 'green', 'NO-GO': 'red', INCONCLUSIVE: 'yellow' };
const STATUS_STYLE: Record<GateStatus, Style> = {
  pass: 'green',
  fail: 'red',
  inconclusive: 'yellow',
  'no-data': 'yellow',
  error: 'yellow',
};
const NARROWEST = 80;
/** A line of figures does not get easier to read beyond this. */
const WIDEST = 160;
const SHORTEST_LABEL = 18;
const SHORTEST_SUBJECT = 6;
const INDENT = '   ';

/** Returns the verdict block: header, gates, runbooks of those that failed, where the report is. No line break at its end. */
export function verdictBlock(record: RunRecord, options: BlockOptions): string {
  const width = Math.min(WIDEST, Math.max(NARROWEST, options.width)) - 1;
  const paint: Paint = (style, text) => (options.color ? styleText(style, text, { validateStream: false }) : text);
  const { decision, reason } = record.verdict;
  const groups = gateGroups(record);
  const title = ` ${paint('bold', paint(DECISION_STYLE[decision], decision))}   `;
  // Cut off, the end of the header would be its weightiest word: on a narrow terminal it has a line of its own.
  const whole = headline(record);
  const fits = cells(title) + cells(whole) <= width;
  const first = fits ? [] : [harmless(record.validity.summary)];
  const about = [...first, ...(decision === 'GO' ? [] : [harmless(reason)]), ...runNotes(record)].flatMap((note) =>
    wrap(note, width - 3),
  );
  return [
    title + (fits ? whole : cut(facts(record), width - cells(title))),
    ...overrideLines(record).flatMap((line) => wrap(line, width - 3).map((part, index) => paint('yellow', ` ${index === 0 ? '!' : ' '} ${part}`))),
    ...about.map((line) => INDENT + line),
    '',
    ...drillBlock(record, width, paint),
    ...gateTable(groups, width, paint),
    ...replayBlock(record, width, paint),
    ...runbooks(groups, width, paint),
    ...footer(options.runPath, width, paint),
  ].join('\n');
}

/** Two lines a drill: what became of it, and its time line. */
function drillBlock(record: RunRecord, width: number, paint: Paint): string[] {
  const drills = drillLines(record);
  const widest = Math.max(0, ...drills.map(({ name }) => cells(name)));
  const lines = drills.flatMap(({ verdict, name, summary, timeline }) => {
    const status = verdict === 'not judged' ? 'inconclusive' : verdict;
    const mark = paint(STATUS_STYLE[status], MARKS[status]);
    const [first = '', ...rest] = wrap(summary, width - widest - 6);
    const below = [...rest, ...(timeline === '' ? [] : wrap(timeline, width - widest - 6))].map((line) => `${INDENT}${' '.repeat(widest)}  ${paint('dim', line)}`);
    return [` ${mark} ${padEnd(name, widest)}  ${first}`.trimEnd(), ...below];
  });
  return lines.length === 0 ? [] : [...lines, ''];
}

/** What replayed traffic met: who and how many, then a line for people and one for crawlers. */
function replayBlock(record: RunRecord, width: number, paint: Paint): string[] {
  const lines = replayLines(record).flatMap((line, index) =>
    wrap(line, width - 10).map((part, at) => ` ${index + at === 0 ? paint('dim', 'replay') : ' '.repeat(6)}   ${part}`));
  return lines.length === 0 ? [] : [...lines, ''];
}

function gateTable(groups: GateLine[][], width: number, paint: Paint): string[] {
  const all = groups.flat();
  const widest = (cell: (line: GateLine) => string): number => Math.max(0, ...all.map((line) => cells(cell(line))));
  const subjects = widest((line) => (line.detail === '' ? '' : line.subject));
  const label = (line: GateLine): string =>
    line.detail === '' ? line.subject : `${padEnd(line.subject, subjects)} ${line.detail}`;
  const columns = {
    stat: widest((line) => line.stat),
    observed: widest((line) => (line.words === undefined ? line.observed : '')),
    interval: widest((line) => line.interval),
    limit: widest((line) => (line.words === undefined ? line.limit : '')),
    n: widest((line) => line.n),
  };
  const span = columns.stat + columns.observed + columns.interval + columns.limit + 6;
  const figures = (line: GateLine): string => line.words !== undefined ? `${padEnd(line.words, span)}  ${padEnd(line.n, columns.n)}` :
    [
      padEnd(line.stat, columns.stat),
      padStart(line.observed, columns.observed),
      padEnd(line.interval, columns.interval),
      padEnd(line.limit, columns.limit),
      padEnd(line.n, columns.n),
    ].join('  ');
  const figuresWidth = Object.values(columns).reduce((sum, one) => sum + one, 8);
  const labelWidth = Math.min(widest(label), Math.max(SHORTEST_LABEL, width - INDENT.length - 2 - figuresWidth));
  const lines = groups.map((group) =>
    group.flatMap((line) => {
      const text = widest(label) <= labelWidth ? label(line) : shortLabel(line, labelWidth);
      const row = ` ${paint(STATUS_STYLE[line.status], line.mark)} ${padEnd(text, labelWidth)}  ${figures(line)}`;
      return withNotes(row, line.notes, width, paint);
    }),
  );
  return lines.flatMap((group) => [...group, '']);
}

/** What tells gates apart is at the end (the step, the last part of a route), so the front gives way. */
function shortLabel(line: GateLine, width: number): string {
  const { subject, detail } = line;
  if (detail === '') return cutMiddle(subject, width);
  return cut(`${cut(subject, Math.max(SHORTEST_SUBJECT, width - cells(detail) - 1))} ${detail}`, width);
}

function withNotes(row: string, notes: string[], width: number, paint: Paint): string[] {
  const [first] = notes;
  if (first === undefined) return [row.trimEnd()];
  const beside = cells(row) + 3 + cells(first) <= width;
  const below = beside ? notes.slice(1) : notes;
  const lines = below.flatMap((note) =>
    wrap(note, width - 6).map((line, index) => (index === 0 ? `   · ${line}` : `     ${line}`)),
  );
  return [beside ? `${row}   ${paint('dim', first)}` : row.trimEnd(), ...lines.map((line) => paint('dim', line))];
}

/** What to do about the gates that failed: the page of each kind, in the order of the lines. */
function runbooks(groups: GateLine[][], width: number, paint: Paint): string[] {
  const pages = [...new Set(groups.flat().flatMap(({ runbook }) => runbook ?? []))];
  const label = (index: number): string => (index === 0 ? paint('dim', 'runbook') : ' '.repeat(7));
  return pages.map((page, index) => ` ${label(index)}  ${cutMiddle(harmless(page), width - 10)}`);
}

function footer(runPath: string, width: number, paint: Paint): string[] {
  const path = harmless(runPath);
  const report = ` ${paint('dim', 'report')}   ${path}/index.html`;
  const again = `${paint('dim', 'again')}   npm run judge -- ${path}`;
  const line = `${report}        ${again}`;
  return cells(line) <= width ? [line] : [report, ` ${again.replace('again', 'again ')}`];
}
