import type { Trickle } from './script.ts';
import type { Sleep } from './team.ts';

export interface TrickleOptions {
  trickle: Trickle;
  /** The target. */
  url: string;
  /** Headers of the request with this number. */
  headers: (number: number) => Record<string, string>;
  sleep: Sleep;
}

const LIMIT_MS = 5_000;
/** A target that hangs is not to be asked ever more at a time. */
const MOST_AT_ONCE = 10;
/** `{n}` begins anew after so many: searches have a last page. */
const LARGEST_N = 10_000;

/**
 * Sends a few requests, one after the other in time, until ended; resolves once the last one is over. Checks of a few
 * journeys every few seconds leave some dependencies unasked, and a breaker that nobody asks does not open. What the
 * answers are is not judged.
 */
export async function keepTrickling(
  { trickle, url, headers, sleep }: TrickleOptions,
  ended: AbortSignal,
): Promise<void> {
  const open = new Set<Promise<void>>();
  for (let number = 0; !ended.aborted; number += 1) {
    if (open.size < MOST_AT_ONCE) {
      const path = trickle.path.replaceAll('{n}', String(number % LARGEST_N));
      const one: Promise<void> = ask(`${url}${path}`, headers(number), ended).finally(() => open.delete(one));
      open.add(one);
    }
    await sleep(1_000 / trickle.perSecond, ended);
  }
  await Promise.all(open);
}

async function ask(url: string, headers: Record<string, string>, ended: AbortSignal): Promise<void> {
  try {
    const response = await fetch(url, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.any([ended, AbortSignal.timeout(LIMIT_MS)]),
    });
    await response.arrayBuffer();
  } catch {
    // Whether users are served is for the checks to say.
  }
}
