import { styleText } from 'node:util';
import type { ComparedRow, Comparison } from '../model/index.ts';
import { RESULT_MARKS, boundsText, chanceText, comparisonReason, runText, shiftText, sideText } from './compare-lines.ts';
import { cells, count, cut, harmless, padEnd, padStart, wrap } from './text.ts';

export interface CompareTextOptions {
  /** The report, as a person would type its path; null where none was written. */
  reportPath: string | null;
  width: number;
  color: boolean;
}

const STYLES = { worse: 'red', better: 'green', same: 'dim', "can't tell": 'yellow' } as const;
const NARROWEST = 80;
const WIDEST = 160;
/** Steps are a help to find the cause; the report has all of them. */
const SHOWN_STEPS = 12;

/** Returns a comparison for the terminal, without a line break at its end. */
export function comparisonText(comparison: Comparison, { reportPath, width, color }: CompareTextOptions): string {
  const paint = (style: (typeof STYLES)[keyof typeof STYLES] | 'bold', text: string): string => (color ? styleText(style, text, { validateStream: false }) : text);
  const wide = Math.min(WIDEST, Math.max(NARROWEST, width)) - 1;
  const { a, b, result, caveats, rows } = comparison;
  const gates = rows.filter(({ kind }) => kind === 'gate');
  const steps = rows.filter(({ kind, result: one }) => kind === 'step' && (one === 'worse' || one === 'better'));
  const lines = (text: string, mark = ' '): string[] => wrap(text, wide - 5).map((line, index) => `   ${index === 0 ? mark : ' '} ${line}`);
  const table = (some: readonly ComparedRow[]): string[] => tableOf(some, wide, (row, text) => paint(STYLES[row.result], text));
  const [first = '', ...more] = wrap(harmless(comparisonReason(comparison)), wide - cells(result) - 4);
  return [
    ` ${paint('bold', paint(STYLES[result], result.toUpperCase()))}   ${first}`,
    ...more.map((line) => `${' '.repeat(cells(result) + 4)}${line}`),
    `   A ${cut(runText(a), wide - 5)}`,
    `   B ${cut(runText(b), wide - 5)}`,
    ...caveats.flatMap((caveat) => lines(harmless(caveat), '!')),
    '',
    ...table(gates),
    ...(steps.length === 0 ? [] : ['', ` Steps, journeys and routes, by their medians: ${moved(steps.length)}`, ...table(steps.slice(0, SHOWN_STEPS))]),
    '',
    ...(reportPath === null ? [] : [` report   ${harmless(reportPath)}`]),
  ].join('\n').trimEnd();
}

function moved(steps: number): string {
  return `${count(steps)} moved${steps > SHOWN_STEPS ? `, ${SHOWN_STEPS} of them here, all in the report` : ''}`;
}

function tableOf(rows: readonly ComparedRow[], width: number, paint: (row: ComparedRow, text: string) => string): string[] {
  const made = rows.map((row) => ({
    row,
    cells: [
      `${sideText(row.a, row.unit)} → ${sideText(row.b, row.unit)}`, shiftText(row), boundsText(row),
      row.pAdjusted === null ? '' : `p ${chanceText(row.pAdjusted)}`, `n ${count(row.a.n)}, ${count(row.b.n)}`,
    ],
  }));
  const widths = [0, 1, 2, 3, 4].map((at) => Math.max(0, ...made.map((one) => cells(one.cells[at] ?? ''))));
  const labels = made.map(({ row }) => `${harmless(row.title)}${row.stat === 'rate' ? '' : `  ${row.stat}`}`);
  const figures = widths.reduce((sum, one) => sum + one + 2, 0);
  const label = Math.min(Math.max(0, ...labels.map(cells)), Math.max(18, width - figures - 3));
  return made.flatMap(({ row, cells: texts }, index) => {
    const figure = texts.map((text, at) => (at === 0 || at === 1 ? padStart(text, widths[at] ?? 0) : padEnd(text, widths[at] ?? 0))).join('  ');
    const line = ` ${paint(row, RESULT_MARKS[row.result])} ${padEnd(cut(labels[index] ?? '', label), label)}  ${figure}`.trimEnd();
    if (row.result === 'same') return [line];
    return [line, ...wrap(harmless(row.reason), width - 6).map((text, at) => paint(row, `   ${at === 0 ? '·' : ' '} ${text}`))];
  });
}
