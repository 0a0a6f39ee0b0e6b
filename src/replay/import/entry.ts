/** What a log says of one request, as it says it: nothing of this may be written anywhere but through anonymise.ts. */
export interface LogEntry {
  timeMs: number;
  method: string;
  /** Path and query, as they were asked for. */
  target: string;
  status: number | null;
  /** Who asked; empty where the log does not say. */
  address: string;
  agent: string;
  referrer: string;
}

/** Reads one line: an entry, why it is none, or null for a line that says something else (a comment, a directive). */
export type ParseLine = (line: string) => LogEntry | Broken | null;

/** Why a line could not be read. Words of this program only: they are written into the fixture. */
export class Broken {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

export const NO_REQUEST = new Broken('no request in it');
export const NO_TIME = new Broken('no time that can be read');

/** Returns method and target of a request line, `GET /find HTTP/1.1`; null for anything else. */
export function splitRequest(request: string): { method: string; target: string } | null {
  const first = request.indexOf(' ');
  if (first < 3 || first > 10) return null;
  const method = request.slice(0, first);
  if (!/^[A-Z]+$/.test(method)) return null;
  const last = request.lastIndexOf(' ');
  const end = last > first && request.startsWith('HTTP/', last + 1) ? last : request.length;
  const target = targetOf(request.slice(first + 1, end));
  return target === null ? null : { method, target };
}

/** Returns path and query of what was asked for, also where that is a whole address; null for what has no path. */
export function targetOf(asked: string): string | null {
  if (asked.startsWith('/')) return asked;
  const scheme = asked.indexOf('://');
  if (scheme === -1 || scheme > 8) return null;
  const path = asked.slice(scheme + 3).search(/[/?#]/);
  if (path === -1) return '/';
  const rest = asked.slice(scheme + 3 + path);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Returns a status as a number; null for what is none. */
export function statusOf(text: string): number | null {
  return /^[1-5]\d\d$/.test(text) ? Number(text) : null;
}

/** Returns the field as text, where `-` stands for nothing. */
export function said(field: string | null | undefined): string {
  return field === '-' || field == null ? '' : field;
}

/** Returns the first of the addresses that proxies have listed, the one that is not a proxy's. */
export function firstAddress(list: string): string {
  const comma = list.indexOf(',');
  return (comma === -1 ? list : list.slice(0, comma)).trim();
}
