import { Fields } from './fields.ts';
import { Broken, NO_REQUEST, NO_TIME, firstAddress, said, splitRequest, statusOf, type LogEntry } from './entry.ts';
import { clfTime } from './times.ts';

const NO_BRACKETS = new Broken('no time in brackets: not in the combined format');
const ADDRESS = /^[0-9a-f.:]+$/i;
const ADDRESSES = /^[0-9a-f.:]+(?:, ?[0-9a-f.:]+)*$/i;

/**
 * nginx and Apache: `address ident user [time] "request" status bytes "referrer" "user agent"`. The last two may be
 * missing (the common format), a virtual host may stand in front, and more fields behind; the first of those that is a
 * list of addresses is taken for X-Forwarded-For.
 */
export function parseCombined(line: string): LogEntry | Broken {
  // A user's name may hold a bracket of its own.
  let open = line.indexOf(' [');
  let close = -1;
  let timeMs: number | null = null;
  for (; open !== -1; open = line.indexOf(' [', open + 2)) {
    close = line.indexOf(']', open);
    if (close === -1) return NO_BRACKETS;
    timeMs = clfTime(line.slice(open + 2, close));
    if (timeMs !== null || line.charAt(close + 2) === '"') break;
  }
  if (open === -1) return NO_BRACKETS;
  if (timeMs === null) return NO_TIME;
  const fields = new Fields(line, close + 1);
  const request = splitRequest(fields.next() ?? '');
  if (!request) return NO_REQUEST;
  const status = statusOf(fields.next() ?? '');
  fields.next();
  const referrer = said(fields.next());
  const agent = said(fields.next());
  const forwarded = fields.next();
  const address = forwarded !== null && ADDRESSES.test(forwarded) ? firstAddress(forwarded) : addressOf(line);
  return { timeMs, ...request, status, address, agent, referrer };
}

function addressOf(line: string): string {
  const end = line.indexOf(' ');
  const second = line.slice(end + 1, line.indexOf(' ', end + 1));
  return second !== '-' && second.length > 3 && ADDRESS.test(second) ? second : line.slice(0, end);
}
