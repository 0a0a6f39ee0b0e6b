import type { Finding, GateResult, RunRecord } from '../../model/index.ts';
import { amount, count, withUnit } from '../text.ts';

/** Stands for what was not measured. */
export const NOTHING = '–';

/** Returns a value with its unit, or a dash. */
export function valueText(value: number | null | undefined, unit: string): string {
  return value === null || value === undefined ? NOTHING : withUnit(value, unit);
}

/** Returns a gate's observed value; beyond a deadline it reads `> 10,000 ms`. */
export function observedText({ observed, observedAbove, unit }: Pick<GateResult, 'observed' | 'observedAbove' | 'unit'>): string {
  if (observed !== null) return observed === 1 && unit === 'breaches' ? '1 breach' : withUnit(observed, unit);
  return observedAbove === null ? NOTHING : `> ${withUnit(observedAbove, unit)}`;
}

/** Returns `[171, 203]`; a dash is an end that the samples do not give. */
export function intervalText(interval: GateResult['interval'], unit: string): string {
  if (interval === null) return '';
  const end = (value: number | null): string => (value === null ? NOTHING : amount(value, unit));
  return `[${end(interval.low)}, ${end(interval.high)}]`;
}

/** Returns a time of the run: `01:30`, from an hour on `2:05:00`. */
export function clock(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** Returns a length of time as people say it: `94 s`, `10 min`, `72 h`. */
export function lasting(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 180) return `${count(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 180 ? `${count(minutes)} min` : `${Number((minutes / 60).toFixed(1))} h`;
}

/** Returns `22 November 2026, 04:07 UTC`. */
export function dateText(epochMs: number): string {
  const date = new Date(epochMs);
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(date);
  return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}

/** Returns bytes as people say them. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${units[power] ?? 'B'}`;
}

/** Returns the findings of a metric whose scope holds at least these. */
export function findingsOf(record: RunRecord, metric: string, scope: Readonly<Record<string, string>> = {}): Finding[] {
  const wanted = Object.entries(scope);
  return record.findings.filter((one) => one.metric === metric && wanted.every(([key, value]) => one.scope[key] === value));
}

/** Returns the finding of a metric with this statistic and exactly this scope, or undefined. */
export function findingOf(record: RunRecord, metric: string, stat: string, scope: Readonly<Record<string, string>> = {}): Finding | undefined {
  const size = Object.keys(scope).length;
  return findingsOf(record, metric, scope).find((one) => one.stat === stat && Object.keys(one.scope).length === size);
}

/** Returns `p75 of signup › submit signup`, say: a scope in words, or "all" where there is none. */
export function scopeText(scope: Readonly<Record<string, string>>): string {
  const values = Object.values(scope);
  return values.length === 0 ? 'all' : values.join(' › ');
}
