import { hash } from 'node:crypto';
import { TRAFFIC_VERSION, type TrafficHeader, type TrafficRow } from '../../model/index.ts';
import { letters } from '../letters.ts';
import { KEPT } from './pages.ts';
import type { Visit } from './visits.ts';

/** Returns the header of a generated fixture. */
export function syntheticHeader(requests: number, durationMs: number): TrafficHeader {
  return { traffic: TRAFFIC_VERSION, source: 'synthetic', kept: [...KEPT], requests, durationMs, skipped: {} };
}

/** Returns a visit as a row of a fixture. `firstMs` is the time of the first one. */
export function rowOf(visit: Visit, seed: number, firstMs: number): TrafficRow {
  const { tMs, visitor, agent, path, referrer, method } = visit;
  return {
    t: Math.round(tMs - firstMs),
    p: path,
    c: letters(hash('sha256', `${seed}/${visitor}`, 'binary')),
    k: agent.kind,
    u: agent.family,
    r: referrer === null ? null : new URL(referrer).hostname.replace(/^www\./, ''),
    m: method,
    s: 200,
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

/** Returns a visit as a line of an nginx or Apache log in the combined format, from an address of a private network. */
export function combinedLineOf({ tMs, visitor, agent, path, referrer, method }: Visit, startEpochMs: number): string {
  const at = new Date(startEpochMs + tMs);
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()] as string}/${at.getUTCFullYear()}`;
  const time = `${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
  const address = `10.${(visitor >> 16) & 255}.${(visitor >> 8) & 255}.${visitor & 255}`;
  // As long as pages of that kind are; the same page has the same length.
  const bytes = method === 'HEAD' ? 0 : 9_000 + 37 * path.length;
  return `${address} - - [${time}] "${method} ${path} HTTP/1.1" 200 ${bytes} "${referrer ?? '-'}" "${agent.text}"`;
}
