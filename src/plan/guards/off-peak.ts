import { z } from 'zod';
import type { Refusal } from './refusals.ts';

/** A time of the week in which load may be made. Minutes are those of a clock on the wall in its time zone. */
export interface LoadWindow {
  /** From 0, Sunday, to 6: the days on which it opens. */
  days: readonly number[];
  fromMinute: number;
  /** Up to 1440. Not after `fromMinute`: on the day after. */
  toMinute: number;
  timeZone: string;
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const WEEK = 7;
const DAY_MIN = 1_440;
const MINUTE_MS = 60_000;
/** Every window opens again within a week; and one that begins now may be under way already. */
const SEARCH_MIN = (WEEK + 1) * DAY_MIN;

/** Returns the days of `mon`, `mon-fri` or `mon,wed,fri`, at most once each; null where it is none of them. */
function readDays(text: string): number[] | null {
  const days = text.toLowerCase().split(',').flatMap((part): (number | null)[] => {
    const ends = part.trim().split('-').map((name) => DAYS.indexOf(name.trim().slice(0, 3)));
    const [first = -1, last = first, ...more] = ends;
    if (first < 0 || last < 0 || more.length > 0 || !/^[a-z]{3,9}( *- *[a-z]{3,9})?$/.test(part.trim())) return [null];
    return Array.from({ length: ((last - first + WEEK) % WEEK) + 1 }, (_, step) => (first + step) % WEEK);
  });
  return days.includes(null) ? null : [...new Set(days as number[])];
}

/** Returns the minute of a day of `22:00`; null where it is none. */
function readClock(text: string): number | null {
  const [, hours = '', minutes = ''] = /^(\d{1,2}):(\d{2})$/.exec(text.trim()) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  return hours === '' || Number(minutes) > 59 || minute > DAY_MIN ? null : minute;
}

function clockText(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

const clock = z.union([
  z.string(),
  // Artillery's YAML reader takes 22:00 without quotes for a number to the base of 60, which is minutes; not so a bare 22.
  z.number().int().min(60).max(DAY_MIN).transform(clockText),
], { error: 'a time of day such as "22:00", in quotes' }).transform((text, context) => {
  const minute = readClock(text);
  if (minute !== null) return minute;
  context.addIssue({ code: 'custom', message: 'a time of day such as "22:00", from "00:00" to "24:00"' });
  return z.NEVER;
});

const Window = z.strictObject({
  /** Left out: every day. */
  days: z.union([z.string(), z.array(z.string())]).default('mon-sun').transform((given, context) => {
    const days = readDays(typeof given === 'string' ? given : given.join(','));
    if (days !== null) return days;
    context.addIssue({ code: 'custom', message: 'days such as mon-fri or [sat, sun]' });
    return z.NEVER;
  }),
  from: clock,
  to: clock,
  // The machine's own zone would be another one in CI.
  timeZone: z.string({ error: 'is needed: a time zone such as Europe/Berlin' })
    .refine(isTimeZone, 'a time zone such as Europe/Berlin or UTC'),
}).refine(({ from, to }) => from !== to, 'opens and closes at the same time; a whole day is from "00:00" to "24:00"')
  .transform(({ days, from, to, timeZone }): LoadWindow => ({ days, fromMinute: from, toMinute: to, timeZone }));

/** `offPeak` of the journeys plugin: one window, or several. */
export const OffPeakConfig = z.preprocess(
  (given) => (Array.isArray(given) ? given as unknown[] : [given]), z.array(Window).min(1),
);

/** `mon-fri 22:00-06:00`. */
const WRITTEN = /^([a-z,\s-]*?)\s*(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})$/i;
const FORM = 'windows and their time zone, such as "mon-fri 22:00-06:00; sat,sun 00:00-24:00 Europe/Berlin"';

/** LOAD_WINDOW of the settings: `mon-fri 22:00-06:00; sat,sun 00:00-24:00 Europe/Berlin`. */
export const LoadWindowSetting = z.string().transform((text, context): LoadWindow[] => {
  const [, list = '', timeZone = ''] = /^(.*\S)\s+(\S+)$/.exec(text.trim()) ?? [];
  const windows = list.split(';').map((part) => {
    const [, days = '', from = '', to = ''] = WRITTEN.exec(part.trim()) ?? [];
    return Window.safeParse({ ...(days === '' ? {} : { days }), from, to, timeZone }).data ?? null;
  });
  if (windows.every((one) => one !== null)) return windows;
  context.addIssue({ code: 'custom', message: FORM });
  return z.NEVER;
});

/** Returns a function that tells whether any of the windows is open in the minute of a moment. */
function openings(windows: readonly LoadWindow[]): (epochMs: number) => boolean {
  const clocks = windows.map((window) => ({ window, local: localClock(window.timeZone) }));
  return (epochMs) => clocks.some(({ window: { days, fromMinute, toMinute }, local }) => {
    const { day, minute } = local(epochMs);
    if (fromMinute < toMinute) return days.includes(day) && minute >= fromMinute && minute < toMinute;
    const dayBefore = (day + WEEK - 1) % WEEK;
    return (days.includes(day) && minute >= fromMinute) || (days.includes(dayBefore) && minute < toMinute);
  });
}

function localClock(timeZone: string): (epochMs: number) => { day: number; minute: number } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  });
  return (epochMs) => {
    const parts = Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, value]));
    const { weekday = '', hour, minute } = parts;
    return { day: DAYS.indexOf(weekday.slice(0, 3).toLowerCase()), minute: Number(hour) * 60 + Number(minute) };
  };
}

/** Returns the first moment of a stretch at which no window is open; null where one is all the time. */
function firstClosed(isOpen: (epochMs: number) => boolean, fromMs: number, toMs: number): number | null {
  if (!isOpen(fromMs)) return fromMs;
  // Clocks are set by whole minutes, also where summer time begins or ends: asked each minute, it need not be known.
  for (let at = nextMinute(fromMs); at < toMs; at += MINUTE_MS) if (!isOpen(at)) return at;
  return null;
}

function nextMinute(epochMs: number): number {
  return (Math.floor(epochMs / MINUTE_MS) + 1) * MINUTE_MS;
}

/** Returns when a run of this length could begin, within the next week; null where no opening is as long. */
function nextFit(isOpen: (epochMs: number) => boolean, afterMs: number, lengthMs: number): number | null {
  // What is not always open closes at least once a week.
  if (lengthMs > WEEK * DAY_MIN * MINUTE_MS) return null;
  let openSince: number | null = null;
  const end = afterMs + SEARCH_MIN * MINUTE_MS + lengthMs;
  for (let at = nextMinute(afterMs); at <= end; at += MINUTE_MS) {
    if (!isOpen(at)) openSince = null;
    else openSince ??= at;
    if (openSince !== null && at + MINUTE_MS - openSince >= lengthMs) return openSince;
  }
  return null;
}

/** Returns a window as people write it. */
export function windowWords({ days, fromMinute, toMinute, timeZone }: LoadWindow): string {
  const on = days.length === WEEK ? 'daily' : days.map((day) => DAYS[day]).join(',');
  return `${on} ${clockText(fromMinute)}-${clockText(toMinute)} ${timeZone}`;
}

function moment(epochMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone, weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
    timeZoneName: 'short',
  }).format(epochMs);
}

export interface PlannedTime {
  startEpochMs: number;
  lengthMs: number;
}

/** Returns what is against a run's time: it must lie inside the windows from its beginning to its planned end. */
export function offPeakRefusals(
  where: string, windows: readonly LoadWindow[], { startEpochMs, lengthMs }: PlannedTime,
): Refusal[] {
  const [first] = windows;
  if (!first) return [];
  const isOpen = openings(windows);
  const closed = firstClosed(isOpen, startEpochMs, startEpochMs + lengthMs);
  if (closed === null) return [];
  const { timeZone } = first;
  const fit = nextFit(isOpen, startEpochMs, lengthMs);
  const when = closed === startEpochMs
    ? `it is ${moment(startEpochMs, timeZone)}`
    : `the run would go on until ${moment(startEpochMs + lengthMs, timeZone)}, `
      + `and the window closes ${moment(closed, timeZone)}`;
  return [{
    guard: 'off-peak', code: 'J_OFF_PEAK',
    fault: {
      where, message: `load may be made ${windows.map(windowWords).join(', ')}; ${when}`,
      hint: fit === null ? 'no window is as long as the run' : `a run of this length may begin ${moment(fit, timeZone)}`,
    },
  }];
}
