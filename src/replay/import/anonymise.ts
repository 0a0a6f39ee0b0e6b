import type { TrafficRow } from '../../model/index.ts';
import { familyOf } from './agents.ts';
import type { LogEntry } from './entry.ts';
import { Memory } from './memory.ts';
import { anonymousPath, type PathRules } from './paths.ts';
import { referrerHost } from './referrers.ts';

/** Asked for by the page itself: a browser that plays the page asks for it again. */
const ASSET = new RegExp(String.raw`\.(?:${[
  'css|js|mjs|map|wasm|json|xml|txt|pdf|zip', 'ico|png|jpe?g|gif|svg|webp|avif|bmp', 'woff2?|ttf|otf|eot',
  'mp[34]|webm|ogg|wav',
].join('|')})$`, 'i');
/** Not found, not allowed; 429 says nothing of the page. */
const isRefusal = (status: number | null): boolean =>
  status !== null && status >= 400 && status < 500 && status !== 429;

/** A row without its time, which is told from the first one's. */
export type Anonymous = Omit<TrafficRow, 't'>;

/**
 * Returns a function that makes a row of a log's entry, or says why it is left out. Nothing leaves it but closed lists
 * of words, keyed hashes, and what the rules name as public; cookies and users' names were never read.
 */
export function anonymiser(rules: PathRules): (entry: LogEntry) => Anonymous | string {
  const paths = { found: new Memory<string>(), refused: new Memory<string>() };
  const families = new Memory<ReturnType<typeof familyOf>>();
  const hosts = new Memory<{ host: string | null }>();
  return ({ method, target, status, address, agent, referrer }) => {
    if (method !== 'GET' && method !== 'HEAD') return 'not GET or HEAD';
    const end = target.search(/[?#;]/);
    if (ASSET.test(end === -1 ? target : target.slice(0, end))) return 'not a page: a file that pages ask for';
    const refused = isRefusal(status);
    const { family, kind } = families.of(agent, familyOf);
    return {
      p: paths[refused ? 'refused' : 'found'].of(target, () => anonymousPath(target, !refused, rules)),
      c: rules.hash('visitor', `${address}\n${agent}`),
      k: kind,
      u: family,
      r: hosts.of(referrer, () => ({ host: referrerHost(referrer, rules.hash) })).host,
      m: method,
      s: status,
    };
  };
}
