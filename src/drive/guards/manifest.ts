import { CodedError } from '../../errors.ts';
import { hostOf } from '../../plan/guards/hosts.ts';
import { readManifestText, type ReadManifest } from '../../plan/guards/parity.ts';
import { headersFor, networkReason, redirectOf } from '../target.ts';

/** Where a target says what it is; a path of its own host, whatever path the application has (RFC 8615). */
export const MANIFEST_PATH = '/.well-known/load-test.json';
/** In the answer to any request, it says the same without a file. */
export const MARKER_HEADER = 'x-load-tests';

const LIMIT_MS = 10_000;
const MAX_BYTES = 64 * 1024;
/** From http to https, and from a name to the same with www, say. */
const MAX_REDIRECTS = 3;

/** What a target's answer says of load tests. */
export interface Marker extends ReadManifest {
  url: string;
  /** Where the answer leads, to another host; it was not followed. */
  redirectsTo: string | null;
}

/**
 * Asks a target what it is: one request, and one more only where its own host sends it elsewhere on itself. A target without a
 * manifest says nothing. Throws J_TARGET_DOWN where no answer comes.
 */
export async function askManifest(target: string, headers: Record<string, string> = {}): Promise<Marker> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const first = new URL(MANIFEST_PATH, target);
  let url = first;
  for (let hop = 0; ; hop += 1) {
    const { response, text } = await get(url, headersFor(url, first, headers), signal);
    const says = saysHeader(response.headers);
    const to = redirectOf(response, url);
    const isOwn = to !== null && hostOf(to.href) === hostOf(url.href);
    if (to === null || !isOwn || says !== null || hop === MAX_REDIRECTS) {
      const read = response.ok ? readManifestText(text) : { manifest: null, forbids: null };
      const redirectsTo = to === null || isOwn ? null : to.href;
      return { url: url.href, manifest: read.manifest, forbids: says ?? read.forbids, redirectsTo };
    }
    url = to;
  }
}

/** Returns what the header of an answer says against load tests; null for nothing. */
export function saysHeader(headers: Headers): string | null {
  const value = headers.get(MARKER_HEADER)?.trim().toLowerCase();
  if (value === undefined || value === '' || value === 'allowed') return null;
  return `forbids load tests (header ${MARKER_HEADER})`;
}

async function get(
  url: URL, headers: Record<string, string>, signal: AbortSignal,
): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal, headers: { accept: 'application/json', ...headers } });
    return { response, text: await bounded(response) };
  } catch (error) {
    throw new CodedError('J_TARGET_DOWN', [{ where: url.href, message: networkReason(error) }], { cause: error });
  }
}

/** Returns the body as text; what is too long to be a manifest is none. */
async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop ends the exchange.
    if (bytes > MAX_BYTES) return '';
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
