import { Broken, NO_REQUEST, NO_TIME, splitRequest, statusOf, type LogEntry } from './entry.ts';
import { isoTime } from './times.ts';

/** Bodies stand in a recording; a larger entry is counted and left out. */
const MOST_ENTRY_BYTES = 16 << 20;
const NO_ENTRY = new Broken('an entry of a recording that is damaged');
const TOO_LARGE = new Broken('an entry of a recording larger than 16 MB');
const CUT = new Broken('a recording that is cut short');
const OTHER_HOST = new Broken('asked of another host than the first page');

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, COMMA] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c];

/** Whether a file that begins like this is a HAR recording: one JSON document with `log` as its first key. */
export function looksLikeHar(first: Buffer): boolean {
  return /^\s*\{\s*"log"\s*:/.test(first.subarray(0, 4_096).toString('latin1'));
}

/**
 * Returns the texts of `log.entries` one by one; a Broken for each that is too large, and at the end for one that is
 * cut short. A JSON parser would have to hold the whole recording, and those with bodies are larger than memory allows.
 */
export async function* harEntries(bytes: AsyncIterable<Buffer>): AsyncGenerator<(string | Broken)[]> {
  let depth = 0;
  let inText = false;
  let escaped = false;
  let key = '';
  let entries = 0;
  let begun: Buffer[] = [];
  let begunBytes = 0;
  let over = false;
  for await (const chunk of bytes) {
    const batch: (string | Broken)[] = [];
    let from = begun.length > 0 ? 0 : -1;
    for (let at = 0; at < chunk.length && !over; at += 1) {
      const byte = chunk[at] as number;
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inText = false;
        else if (depth === 2 && entries === 0 && key.length < 16) key += String.fromCharCode(byte);
        continue;
      }
      if (byte === QUOTE) inText = true;
      else if (byte === COMMA && depth === 2) key = '';
      else if (byte === OPEN || byte === OPEN_LIST) {
        if (byte === OPEN_LIST && depth === 2 && key === 'entries') entries = depth + 1;
        else if (depth === 1) key = '';
        if (byte === OPEN && entries > 0 && depth === entries) from = at;
        depth += 1;
      } else if (byte === CLOSE || byte === CLOSE_LIST) {
        depth -= 1;
        if (byte === CLOSE && entries > 0 && depth === entries && from !== -1) {
          const last = chunk.subarray(from, at + 1);
          const tooLarge = begunBytes + last.length > MOST_ENTRY_BYTES;
          batch.push(tooLarge ? TOO_LARGE : Buffer.concat([...begun, last]).toString('utf8'));
          begun = [];
          begunBytes = 0;
          from = -1;
        }
        over = entries > 0 && depth < entries;
      }
    }
    if (from !== -1) {
      begunBytes += chunk.length - from;
      // What is too large is counted on, and let go of.
      begun = begunBytes > MOST_ENTRY_BYTES ? [chunk.subarray(0, 1)] : [...begun, chunk.subarray(from)];
    }
    if (batch.length > 0) yield batch;
  }
  if (!over) yield [CUT];
}

interface HarEntry {
  startedDateTime?: unknown;
  _resourceType?: unknown;
  request?: { method?: unknown; url?: unknown; headers?: { name?: unknown; value?: unknown }[] };
  response?: { status?: unknown };
}

const NOT_A_PAGE = new Broken('not a page');

/** Returns a reader of the entries of one recording, which is of one browser: `name` stands for its address. */
export function harReader(name: string): (text: string) => LogEntry | Broken {
  let host: string | null = null;
  return (text) => {
    let entry: HarEntry;
    let url: URL;
    try {
      entry = JSON.parse(text) as HarEntry;
      url = new URL(String(entry.request?.url));
    } catch {
      return NO_ENTRY;
    }
    const timeMs = isoTime(String(entry.startedDateTime));
    if (timeMs === null) return NO_TIME;
    const request = splitRequest(`${String(entry.request?.method)} ${url.pathname}${url.search} HTTP/1.1`);
    if (!request) return NO_REQUEST;
    if (typeof entry._resourceType === 'string' && entry._resourceType !== 'document') return NOT_A_PAGE;
    host ??= url.host;
    if (url.host !== host) return OTHER_HOST;
    const headers = Array.isArray(entry.request?.headers) ? entry.request.headers : [];
    const header = (wanted: string): string => {
      const found = headers.find((one) => typeof one?.name === 'string' && one.name.toLowerCase() === wanted)?.value;
      return typeof found === 'string' ? found : '';
    };
    return {
      timeMs, ...request, status: statusOf(String(entry.response?.status)),
      address: name, agent: header('user-agent'), referrer: header('referer'),
    };
  };
}
