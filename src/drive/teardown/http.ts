import { MOST_ANSWER_BYTES, TeardownProblem, readCounts, type TeardownTarget } from './target.ts';

const LONGEST_WORDS = 200;
/** What may be otherwise in a moment: a conflict, too many requests, a server that fails. */
const PASSING = new Set([409, 423, 425, 429]);
const LONGEST_RETRY_MS = 30_000;

/** Returns the target behind an address: GET counts, DELETE removes (200 or 204: all of it; 202: there is more). */
export function httpTarget(url: string, headers: Readonly<Record<string, string>>): TeardownTarget {
  async function call(method: 'GET' | 'DELETE', limitMs: number): Promise<{ status: number; text: string }> {
    const what = `${method} ${url.replace(/[?#].*$/, '')}`;
    let response: Response;
    let text: string;
    try {
      // A redirect would carry the token to somebody else.
      const signal = AbortSignal.timeout(Math.max(1, Math.ceil(limitMs)));
      response = await fetch(url, { method, headers, redirect: 'manual', signal });
      text = await bounded(response);
    } catch (error) {
      if (error instanceof TeardownProblem) throw error;
      throw new TeardownProblem(`${what}: ${whyNot(error, limitMs)}`, true, { unanswered: true });
    }
    const { status } = response;
    if (status >= 200 && status < 300) return { status, text };
    const said = text.replace(/\s+/g, ' ').slice(0, LONGEST_WORDS);
    const message = `${what} answered ${status}${said === '' ? '' : `: ${said}`}`;
    throw new TeardownProblem(message, status >= 500 || PASSING.has(status), { retryAfterMs: retryAfterMs(response) });
  }

  return {
    async count(limitMs) {
      const { status, text } = await call('GET', limitMs);
      if (status !== 200) throw new TeardownProblem(`GET answered ${status}, which counts nothing`, false);
      return readCounts(text, 'it');
    },
    async remove(limitMs) {
      return (await call('DELETE', limitMs)).status === 202 ? 'more' : 'done';
    },
  };
}

async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MOST_ANSWER_BYTES) throw new TeardownProblem(`its answer is larger than ${MOST_ANSWER_BYTES} bytes`, false);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** In seconds, as everybody sends it; a date is as good as nothing said. */
function retryAfterMs({ headers }: Response): number | null {
  const seconds = Number(headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(LONGEST_RETRY_MS, 1_000 * seconds) : null;
}

function whyNot(error: unknown, limitMs: number): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string } };
  if (name === 'TimeoutError') return `no answer within ${Math.ceil(limitMs)} ms`;
  return cause?.code === 'ECONNREFUSED' ? 'nobody listens there' : (cause?.code ?? message);
}
