import { Broken, NO_REQUEST, NO_TIME, said, splitRequest, statusOf, type LogEntry } from './entry.ts';
import { Fields } from './fields.ts';
import { isoTime } from './times.ts';

const NO_ALB = new Broken('not in the format of an application load balancer');
const TYPES = new Set(['http', 'https', 'h2', 'grpcs', 'ws', 'wss']);
/** Of fields from the client's address to the answer's length. */
const UP_TO_STATUS = 5;

/**
 * Application load balancers of AWS: `type time elb client:port target:port 3 × seconds status target-status received
 * sent "request" "user agent" …`. They log no referrer.
 */
export function parseAlb(line: string): LogEntry | Broken {
  const fields = new Fields(line, 0);
  if (!TYPES.has(fields.next() ?? '')) return NO_ALB;
  const timeMs = isoTime(fields.next() ?? '');
  if (timeMs === null) return NO_TIME;
  fields.next();
  const client = fields.next() ?? '';
  const address = client.slice(0, Math.max(0, client.lastIndexOf(':')));
  for (let field = 1; field < UP_TO_STATUS; field += 1) fields.next();
  const status = statusOf(fields.next() ?? '');
  for (let field = 0; field < 3; field += 1) fields.next();
  const request = splitRequest(fields.next() ?? '');
  if (!request) return NO_REQUEST;
  return { timeMs, ...request, status, address, agent: said(fields.next()), referrer: '' };
}
