import {
  Broken, NO_REQUEST, NO_TIME, firstAddress, said, splitRequest, statusOf, targetOf, type LogEntry,
} from './entry.ts';
import { anyTime } from './times.ts';

const NO_JSON = new Broken('no JSON object');
const CUT = new Broken('JSON that is cut short or damaged');

/**
 * Where JSON logs keep things, in the order in which they are looked for. A dot leads into an object, unless the name
 * as a whole is there: nginx's variables, Caddy, Elastic's common schema, Google's load balancers, CloudFront, pino,
 * and others.
 */
const NAMES = {
  time: [
    'time', 'timestamp', '@timestamp', 'ts', 'time_iso8601', 'time_local', 'msec', 'datetime', 'date', 'timestamp(ms)',
    'start_time',
  ],
  request: ['request', 'request_line', 'message'],
  method: [
    'method', 'request_method', 'request.method', 'httpRequest.requestMethod', 'http.request.method', 'req.method',
    'http_method', 'cs-method', 'verb',
  ],
  path: [
    'path', 'request_uri', 'uri', 'url', 'target', 'request_path', 'request.uri', 'httpRequest.requestUrl',
    'url.original', 'url.path', 'req.url', 'cs-uri-stem',
  ],
  query: ['args', 'query', 'query_string', 'url.query', 'cs-uri-query'],
  status: [
    'status', 'status_code', 'response_code', 'response.status', 'httpRequest.status', 'http.response.status_code',
    'res.statusCode', 'sc-status',
  ],
  address: [
    'x_forwarded_for', 'http_x_forwarded_for', 'addr', 'remote_addr', 'client_ip', 'remote_ip', 'ip', 'clientip',
    'request.client_ip', 'request.remote_ip', 'httpRequest.remoteIp', 'client.ip', 'source.ip', 'source.address',
    'req.remoteAddress', 'c-ip',
  ],
  agent: [
    'agent', 'user_agent', 'http_user_agent', 'userAgent', 'ua', 'request.headers.User-Agent', 'httpRequest.userAgent',
    'user_agent.original', 'req.headers.user-agent', 'cs(User-Agent)',
  ],
  referrer: [
    'referrer', 'referer', 'http_referer', 'request.headers.Referer', 'httpRequest.referer', 'http.request.referrer',
    'req.headers.referer', 'cs(Referer)',
  ],
};
type Name = keyof typeof NAMES;
const PATHS = Object.fromEntries(
  Object.entries(NAMES).map(([field, names]) => [field, names.map((name) => ({ name, steps: name.split('.') }))]),
) as Record<Name, { name: string; steps: string[] }[]>;

/** One JSON object a line. */
export function parseJsonLine(line: string): LogEntry | Broken {
  if (!line.trimStart().startsWith('{')) return NO_JSON;
  let root: object;
  try {
    root = JSON.parse(line) as object;
  } catch {
    return CUT;
  }
  const timeMs = timeOf(root);
  if (timeMs === null) return NO_TIME;
  const request = requestOf(root);
  if (!request) return NO_REQUEST;
  const status = text(root, 'status');
  return {
    timeMs, ...request, status: status === null ? null : statusOf(status),
    address: firstAddress(said(text(root, 'address'))), agent: said(text(root, 'agent')),
    referrer: said(text(root, 'referrer')),
  };
}

function requestOf(root: object): { method: string; target: string } | null {
  const method = text(root, 'method');
  const path = text(root, 'path');
  if (method === null || path === null || !/^[A-Za-z]{3,10}$/.test(method)) {
    const line = text(root, 'request');
    return line === null ? null : splitRequest(line);
  }
  const target = targetOf(path);
  if (target === null) return null;
  const query = said(text(root, 'query')).replace(/^\?/, '');
  return { method: method.toUpperCase(), target: query === '' || target.includes('?') ? target : `${target}?${query}` };
}

function timeOf(root: object): number | null {
  for (const path of PATHS.time) {
    const timeMs = anyTime(lookUp(root, path));
    if (timeMs !== null) return timeMs;
  }
  return null;
}

/** The first of the names under which there is a text or a number; of a list (Caddy's headers) its first entry. */
function text(root: object, field: Name): string | null {
  for (const path of PATHS[field]) {
    const found = lookUp(root, path);
    const value: unknown = Array.isArray(found) ? found[0] : found;
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return null;
}

function lookUp(root: object, { name, steps }: { name: string; steps: string[] }): unknown {
  if (Object.hasOwn(root, name)) return (root as Record<string, unknown>)[name];
  if (steps.length === 1) return undefined;
  let value: unknown = root;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}
