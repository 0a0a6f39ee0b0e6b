import { colour } from './palette.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((s) => s * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((m) => m * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48].map((h) => h * HOUR),
];

/** Returns at most about so many round times from 0 to the end. */
export function timeTicks(endMs: number, most: number): number[] {
  const step = STEPS.find((one) => endMs / one <= most) ?? Math.ceil(endMs / most / (24 * HOUR)) * 24 * HOUR;
  return Array.from({ length: Math.floor(endMs / step) + 1 }, (_, index) => index * step);
}

/** Returns `1:30` (minutes and seconds), or `2 h` and `2:30 h` in a run that is longer than two hours. */
export function tickText(ms: number, endMs: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const [minutes, seconds] = [Math.floor(ms / MINUTE), Math.round((ms % MINUTE) / SECOND)];
  if (endMs <= 2 * HOUR) return `${minutes}:${two(seconds)}`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)}:${two(minutes % 60)} h`;
}

/** Returns so many round values between the two, both on a line or on a logarithmic scale. */
export function roundTicks(from: number, to: number, most: number, isLog: boolean): number[] {
  if (isLog) return logTicks(from, to, most);
  const rough = (to - from) / Math.max(1, most);
  if (!(rough > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
  const first = Math.ceil(from / step - 1e-9);
  return Array.from({ length: Math.floor(to / step + 1e-9) - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

function logTicks(from: number, to: number, most: number): number[] {
  const sets = [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]];
  let ticks: number[] = [];
  for (const set of sets) {
    ticks = [];
    for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
      ticks.push(...set.map((one) => Number((one * 10 ** power).toPrecision(12))).filter((one) => one >= from && one <= to));
    }
    if (ticks.length <= most) break;
  }
  const each = Math.ceil(ticks.length / most);
  return each <= 1 ? ticks : ticks.filter((_, index) => index % each === 0);
}

/** An axis that is not seen. */
export const HIDDEN = { type: 'value', show: false } as const;

/** The look of every axis that is. */
export const LINE = { lineStyle: { color: colour('shade'), width: 1 } } as const;
export const SPLIT = { lineStyle: { color: colour('rule'), width: 1 } } as const;
export const LABEL = { color: colour('muted'), fontSize: 11 } as const;
