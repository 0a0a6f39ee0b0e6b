const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const CLF = /^(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))? ([+-])(\d\d)(\d\d)$/;
const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?$/;

/** Keeps the last answer: many lines of a log have the same second. */
function remembering(read: (text: string) => number | null): (text: string) => number | null {
  let last = '';
  let lastMs: number | null = null;
  return (text) => {
    if (text !== last) [last, lastMs] = [text, read(text)];
    return lastMs;
  };
}

/** Returns `10/Oct/2000:13:55:36 -0700` in milliseconds since 1970; null for anything else. */
export const clfTime = remembering((text) => {
  const found = CLF.exec(text);
  if (!found) return null;
  const [, day, name, year, hours, minutes, seconds, fraction, sign, zoneHours, zoneMinutes] = found;
  const month = MONTHS.indexOf(name as string);
  if (month === -1) return null;
  const localMs = Date.UTC(Number(year), month, Number(day), Number(hours), Number(minutes), Number(seconds));
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  const fractionMs = Math.floor(Number(`0.${fraction ?? 0}`) * 1_000);
  return localMs + (sign === '-' ? zoneMs : -zoneMs) + fractionMs;
});

/** Returns an ISO 8601 time in milliseconds since 1970, in UTC where it names no zone; null for anything else. */
export const isoTime = remembering((text) => {
  if (!ISO.test(text)) return null;
  const plain = text.replace(' ', 'T').replace(',', '.');
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(plain.slice(10)) ? plain : `${plain}Z`);
  return Number.isNaN(ms) ? null : ms;
});

/**
 * Returns a count of seconds, milliseconds, microseconds or nanoseconds since 1970, told by its size, in milliseconds.
 */
export function epochTime(value: number): number | null {
  if (!Number.isFinite(value) || value <= 0) return null;
  if (value < 1e11) return value * 1_000;
  if (value < 1e14) return value;
  return value < 1e17 ? value / 1e3 : value / 1e6;
}

/** Returns any time that a JSON log may give: ISO, as in combined logs, or a count since 1970. */
export function anyTime(value: unknown): number | null {
  if (typeof value === 'number') return epochTime(value);
  if (typeof value !== 'string') return null;
  return isoTime(value) ?? clfTime(value) ?? (/^\d{9,19}(?:\.\d+)?$/.test(value) ? epochTime(Number(value)) : null);
}
