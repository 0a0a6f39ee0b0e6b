import type { ComparedRow, Comparison } from '../model/index.ts';
import { RESULT_MARKS, boundsText, chanceText, comparisonReason, runText, shiftText, sideText, tellingRows } from './compare-lines.ts';
import { count, harmless } from './text.ts';

const SPECIAL = /[&<>\\`*_{}[\]()#+!|~@]/g;

/** Names come from outside: as character references, nothing in them is markup, a mention or the end of a cell. */
function plain(text: string): string {
  return harmless(text).replace(SPECIAL, (sign) => `&#${sign.charCodeAt(0)};`);
}

function tableOf(rows: readonly ComparedRow[]): string[] {
  const cellsOf = (row: ComparedRow): string[] => [
    RESULT_MARKS[row.result], `${row.title}${row.stat === 'rate' ? '' : ` ${row.stat}`}`, sideText(row.a, row.unit), sideText(row.b, row.unit),
    `${shiftText(row)} ${boundsText(row)}`, chanceText(row.pAdjusted), `${count(row.a.n)}, ${count(row.b.n)}`, row.reason,
  ];
  return [
    '| | what | A | B | shift | p | n | |', '| - | - | - | - | - | - | - | - |',
    ...rows.map((row) => `| ${cellsOf(row).map(plain).join(' | ')} |`), '',
  ];
}

function head(comparison: Comparison): string[] {
  const { a, b, caveats, result } = comparison;
  return [
    `### ${result} · ${plain(b.runId)} against ${plain(a.runId)}`, '', plain(comparisonReason(comparison)), '',
    `- A: ${plain(runText(a))}`, `- B: ${plain(runText(b))}`, ...caveats.map((caveat) => `- **!** ${plain(caveat)}`), '',
  ];
}

/** Returns the whole comparison as markdown. */
export function comparisonMarkdown(comparison: Comparison): string {
  const of = (kind: ComparedRow['kind']): ComparedRow[] => comparison.rows.filter((row) => row.kind === kind);
  return [
    ...head(comparison), '#### Gates', '', ...tableOf(of('gate')),
    '#### Steps, journeys and routes, by their medians', '', ...tableOf(of('step')),
    'documentation/history.md says how the two are compared.', '',
  ].join('\n');
}

/** Returns it short, for a CI service's step summary: the gates that are not the same. */
export function comparisonSummary(comparison: Comparison): string {
  const telling = tellingRows(comparison.rows.filter(({ kind }) => kind === 'gate'));
  return [...head(comparison), ...(telling.length === 0 ? [] : tableOf(telling))].join('\n');
}
