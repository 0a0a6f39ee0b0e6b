import type { ComparedRow, Comparison } from '../model/index.ts';
import { amount, counted, harmless } from './text.ts';

type Result = ComparedRow['result'];

/** Readable without colour, and in any font. */
export const RESULT_MARKS: Record<Result, string> = { worse: '✗', better: '✓', same: '=', "can't tell": '?' };

/** How many names a sentence tells. */
const NAMED = 3;

/** Returns a figure as precise as a comparison needs it: milliseconds below ten keep what a clock could tell. */
export function figure(value: number, unit: string): string {
  if (unit !== 'ms' || Math.abs(value) >= 10) return amount(value, unit);
  return String(Number(value.toFixed(Math.abs(value) < 1 ? 2 : 1)));
}

function withUnit(text: string, unit: string): string {
  return unit === 'score' ? text : `${text} ${unit}`;
}

/** Returns one side's value; `> 10,000 ms` where it lies beyond its deadline, `–` where there is none. */
export function sideText({ value, above }: ComparedRow['a'], unit: string): string {
  if (value !== null) return withUnit(figure(value, unit), unit);
  return above === null ? '–' : `> ${withUnit(figure(above, unit), unit)}`;
}

/** Returns `+38 ms`, with points for shares; empty where there is none. */
export function shiftText({ shift, unit }: ComparedRow): string {
  return shift === null ? '' : withUnit(signed(shift.value, unit), unit === '%' ? 'points' : unit);
}

/** Returns `[+24, +51]`; a bound that is not known is a dash. */
export function boundsText({ shift, unit }: ComparedRow): string {
  if (shift === null || (shift.low === null && shift.high === null)) return '';
  const bound = (value: number | null): string => (value === null ? '–' : signed(value, unit));
  return `[${bound(shift.low)}, ${bound(shift.high)}]`;
}

function signed(value: number, unit: string): string {
  const text = figure(value, unit);
  return value > 0 && text !== '0' ? `+${text}` : text === '-0' ? '0' : text;
}

/** Returns a probability in two digits, never as zero. */
export function chanceText(p: number | null): string {
  if (p === null) return '';
  return p < 0.0005 ? '< 0.0005' : p < 0.095 ? String(Number(p.toPrecision(2))) : p.toFixed(2);
}

/** Returns what the comparison came to, in one sentence. */
export function comparisonReason({ rows, result }: Comparison): string {
  const gates = rows.filter(({ kind }) => kind === 'gate');
  const of = (one: Result): ComparedRow[] => gates.filter((row) => row.result === one);
  if (gates.length === 0) return 'B judges no gate, so there is nothing to decide by.';
  const all = counted(gates.length, 'gate');
  const open = of("can't tell");
  const rest = open.length === 0 ? '' : `; of ${open.length === 1 ? 'one' : open.length} nothing can be told`;
  switch (result) {
    case 'worse':
      return `${of('worse').length} of ${all} ${of('worse').length === 1 ? 'is' : 'are'} worse: ${names(of('worse'))}${rest}.`;
    case 'better':
      return `${of('better').length} of ${all} ${of('better').length === 1 ? 'is' : 'are'} better, none is worse: ${names(of('better'))}${rest}.`;
    case 'same':
      return `None of ${all} is worse by more than its margin${rest}.`;
    case "can't tell":
      return `None of ${all} is known to be worse, but of ${open.length} nothing can be told: ${names(open)}.`;
  }
}

function names(rows: readonly ComparedRow[]): string {
  const shown = rows.slice(0, NAMED).map(({ title, stat }) => `${harmless(title)}${stat === 'rate' ? '' : ` (${stat})`}`);
  return `${shown.join(', ')}${rows.length > NAMED ? ` and ${rows.length - NAMED} more` : ''}`;
}

/** Returns a run as one line: id, when, decision, commit. */
export function runText({ runId, startedAtEpochMs, decision, commit, profile }: Comparison['a']): string {
  return [harmless(runId), harmless(profile), timeText(startedAtEpochMs), decision, ...(commit === null ? [] : [harmless(commit)])].join(' · ');
}

/** Returns `2026-11-22 04:07 UTC`; a dash for a time that no calendar has. */
export function timeText(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? '–' : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Rows worth a look, in the order of their weight; the others are `same`. */
export function tellingRows(rows: readonly ComparedRow[]): ComparedRow[] {
  const order: Result[] = ['worse', "can't tell", 'better', 'same'];
  return rows.filter(({ result }) => result !== 'same').sort((a, b) => order.indexOf(a.result) - order.indexOf(b.result));
}
