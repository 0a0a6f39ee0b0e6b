import type { CheckHistory, PastGate, PastRun } from '../model/index.ts';
import { timeText } from './compare-lines.ts';
import { MARKS } from './lines.ts';
import { amount, cells, count, counted, exact, harmless, padEnd, padStart, withUnit } from './text.ts';

/** Returns runs as a table for the terminal, newest first. */
export function runsText(runs: readonly PastRun[]): string {
  if (runs.length === 0) return 'no runs yet';
  return tableOf(runs.map((run) => [
    timeText(run.startedAtEpochMs), harmless(run.runId), harmless(run.profile), run.embedded ? 'bundled platform' : harmless(run.target),
    run.decision ?? harmless(run.reason ?? 'not judged'), run.decision === null ? '' : gatesText(run),
    run.journeys === null ? '' : counted(run.journeys, 'journey'), run.commit === null ? '' : harmless(run.commit),
  ]));
}

function gatesText({ passed, failed, open }: PastRun): string {
  return [[passed, MARKS.pass], [failed, MARKS.fail], [open, MARKS.inconclusive]]
    .flatMap(([number, mark]) => (number === 0 ? [] : [`${number} ${mark}`])).join(' ');
}

/** Returns one gate over its runs, newest first. */
export function gateText(id: string, gates: readonly PastGate[]): string {
  const rows = gates.map((one) => [
    MARKS[one.status], timeText(one.startedAtEpochMs), harmless(one.runId), one.stat === 'rate' ? '' : harmless(one.stat),
    observedText(one), one.low === null && one.high === null ? '' : `[${bound(one.low, one.unit)}, ${bound(one.high, one.unit)}]`,
    `${one.limitKind === 'max' ? '≤' : '≥'} ${exact(one.limitValue, one.unit)}`, `n ${count(one.n)}`, one.commit === null ? '' : harmless(one.commit),
  ]);
  return `${harmless(gates[0]?.title ?? id)} (${harmless(id)})\n${tableOf(rows, new Set([4]))}`;
}

function observedText({ observed, observedAbove, unit }: PastGate): string {
  if (observed !== null) return withUnit(observed, unit);
  return observedAbove === null ? '–' : `> ${withUnit(observedAbove, unit)}`;
}

function bound(value: number | null, unit: string): string {
  return value === null ? '–' : amount(value, unit);
}

/** Returns the checks by journey; empty where there were none. */
export function checksText({ rounds, journeys, sinceEpochMs }: CheckHistory): string {
  const { ran = 0, ...others } = rounds;
  const told = Object.entries(others).map(([event, number]) => `, ${count(number)} ${harmless(event)}`).join('');
  if (ran === 0 && told === '') return '';
  const rows = journeys.map((one) => [
    harmless(one.journey), `${count(one.up)} up`, ...([['flaky', one.flaky], ['down', one.down], ['unknown', one.unknown]] as const)
      .map(([word, number]) => (number === 0 ? '' : `${count(number)} ${word}`)),
    one.lastDownAtEpochMs === null ? '' : `last down ${timeText(one.lastDownAtEpochMs)}${one.lastError === null ? '' : ` (${harmless(one.lastError)})`}`,
  ]);
  return [`checks since ${timeText(sinceEpochMs)}: ${counted(ran, 'round')}${told}`, ...(rows.length === 0 ? [] : [tableOf(rows)])].join('\n');
}

/** Returns rows in columns as wide as their widest cell; empty columns are left out. */
function tableOf(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => cells(row[at] ?? ''))));
  return rows.map((row) => row.flatMap((cell, at) => {
    const width = widths[at] ?? 0;
    return width === 0 ? [] : [right.has(at) ? padStart(cell, width) : padEnd(cell, width)];
  }).join('  ').trimEnd()).map((line) => ` ${line}`).join('\n');
}
