import { styleText } from 'node:util';
import { lengthText } from '../../analyze/burn/alerts.ts';
import type { ErrorBudget } from '../../model/index.ts';
import { amount, cells, count, cut, harmless, padEnd, padStart, wrap } from '../../report/text.ts';
import { alertText, grouped } from './messages.ts';
import { standing, type Standing } from './standing.ts';

/** What the table is about. */
export interface BudgetsShown {
  target: string | null;
  otherTargets: readonly string[];
  newestEpochMs: number | null;
  nowEpochMs: number;
  budgets: readonly ErrorBudget[];
}

interface Look {
  color: boolean;
  width: number;
}

const MARKS: Record<Standing, string> = { fine: '✓', alert: '✗', unknown: '?' };
const STYLES = { fine: 'green', alert: 'red', unknown: 'yellow', page: 'red', ticket: 'yellow', info: 'dim' } as const;
const SEVERITY_MARKS = { page: '✗', ticket: '!', info: '·' } as const;
/** The long windows of the alerts, the shortest first. */
const SHOWN_BURNS_MS = [3_600_000, 21_600_000, 86_400_000, 259_200_000];
const WIDEST_TITLE = 34;
const MOST_OTHERS = 5;
/** On a narrow terminal these columns go, this one first: bad of, of the budget, known of. */
const FIRST_TO_GO = [9, 3, 8];

/** Returns the error budgets for people: a line a service and source, then the alerts. Ends with a line break. */
export function budgetTable(shown: BudgetsShown, { color, width }: Look): string {
  const paint = (style: (typeof STYLES)[keyof typeof STYLES], text: string): string =>
    (color ? styleText(style, text, { validateStream: false }) : text);
  const rows = shown.budgets.map((budget) => ({ standing: standing(budget), texts: textsOf(budget) }));
  const heads = ['', 'objective', 'left', 'of the budget', 'burn 1 h', '6 h', '1 day', '3 days', 'known of', 'bad of'];
  const widths = heads.map((head, column) => Math.max(cells(head), ...rows.map((row) => cells(row.texts[column] ?? ''))));
  const shownColumns = columnsWithin(widths, width);
  const line = (texts: readonly string[]): string =>
    shownColumns.map((column) => (column === 0 ? padEnd : padStart)(texts[column] ?? '', widths[column] ?? 0)).join('  ');
  const alerts = grouped(shown.budgets.flatMap(({ alerts: all }) => all.map((alert) => ({ alert }))));
  const alertRows = alerts.flatMap((group) => {
    const { severity } = group[0].alert;
    const [first = '', ...more] = wrap(alertText(group), width - 11);
    const label = paint(STYLES[severity], `${SEVERITY_MARKS[severity]} ${padEnd(severity, 6)}`);
    return [` ${label}  ${first}`, ...more.map((text) => `           ${text}`)];
  });
  const runbooks = [...new Set(alerts.map(([{ alert }]) => harmless(alert.runbook)))];
  return [
    ...header(shown, width), '',
    paint('dim', `   ${line(heads)}`.trimEnd()),
    ...rows.map((row) => ` ${paint(STYLES[row.standing], MARKS[row.standing])} ${line(row.texts)}`.trimEnd()),
    ...(alertRows.length === 0 ? [] : ['', ...alertRows, '', ...runbooks.map((path) => ` ${paint('dim', 'runbook')}  ${path}`)]),
    '',
  ].join('\n');
}

function columnsWithin(widths: readonly number[], width: number): number[] {
  let columns = widths.map((_width, column) => column);
  for (const column of FIRST_TO_GO) {
    const wanted = columns.reduce((sum, one) => sum + (widths[one] ?? 0) + 2, 1);
    if (wanted > width) columns = columns.filter((one) => one !== column);
  }
  return columns;
}

function header({ target, otherTargets, newestEpochMs, nowEpochMs }: BudgetsShown, width: number): string[] {
  const of = target === null ? 'Error budgets' : `Error budgets of ${harmless(target)}`;
  const newest = newestEpochMs === null ? 'no rounds of checks: npm run synthetic makes them' :
    `newest round of checks ${lengthText(Math.max(0, nowEpochMs - newestEpochMs))} ago`;
  const more = otherTargets.length > MOST_OTHERS ? ', …' : '';
  const others = otherTargets.length === 0 ? [] :
    wrap(`There are checks of others, too (--target): ${otherTargets.slice(0, MOST_OTHERS).map(harmless).join(', ')}${more}`, width - 1)
      .map((text) => ` ${text}`);
  return [cut(` ${of} · ${newest}`, width), ...others];
}

function textsOf(budget: ErrorBudget): string[] {
  const { title, source, objectivePercent, leftPercent, spentMs, budgetMs, knownMs, windowMs, n, bad, burns } = budget;
  const name = source === 'checks' ? harmless(title) : `${harmless(title)}, requests`;
  const left = leftPercent === null || spentMs === null ? ['–', ''] :
    [`${amount(leftPercent, '%')} %`, `${lengthText(Math.max(0, budgetMs - spentMs))} of ${lengthText(budgetMs)}`];
  const rates = SHOWN_BURNS_MS.map((length) => {
    const rate = burns.find((burn) => burn.windowMs === length)?.rate ?? null;
    return rate === null ? '–' : `${amount(rate, '×')}×`;
  });
  return [
    cut(name, WIDEST_TITLE), `${objectivePercent} %`, ...left, ...rates,
    `${lengthText(knownMs)} of ${lengthText(windowMs)}`, `${count(bad)} of ${count(n)}`,
  ];
}
