import type { Plan } from '../model/index.ts';
import { hostOf, isOwnHost, matchingPattern } from './guards/hosts.ts';

/** Returns the hosts that a run's browsers may send to, beside this machine's own: the target's, and those that are listed. */
export function browserHosts(targetUrl: string, listed: readonly string[] = []): string[] {
  const target = hostOf(targetUrl);
  return [...new Set([...(target === null ? [] : [target]), ...listed])].filter((host) => !isOwnHost(host));
}

type Reach = Pick<Plan, 'target' | 'browserHosts'>;

/** The hosts beside the target's own. */
function others({ target, browserHosts: hosts = [] }: Reach): string[] {
  return hosts.filter((host) => host !== hostOf(target.url));
}

/**
 * Returns whether pages send their tags as headers, too, and not in their user agent alone. Playwright adds headers to every
 * request, and one beyond the few that any page may set turns a request to another origin into a preflighted one (Fetch
 * standard, "CORS-preflight fetch"), which that origin may refuse. So only where there is no other to ask (on loopback,
 * the next port may be the API), or by order: BROWSER_TAGS.
 */
export function sendsTagHeaders(reach: Reach, asked?: 'headers' | 'agent'): boolean {
  if (asked !== undefined) return asked === 'headers';
  const { url, embedded } = reach.target;
  return others(reach).length === 0 && (embedded || !isOwnHost(hostOf(url) ?? ''));
}

/** Returns what to tell before a run of where its browsers may send to, and how they say what they are; nothing of the usual. */
export function hostLines(reach: Reach, tagHeaders: boolean): string[] {
  const list = others(reach);
  return [
    ...(list.length === 0 ? [] : [`browsers may also send to ${list.join(', ')}`]),
    ...(tagHeaders ? [] : ['browsers say what they are in their user agent alone (documentation/guards.md)']),
  ];
}

/**
 * Returns a function from an address to the host that a browser is kept from, null where it may go. What names no host
 * (`data:`, `blob:`, `about:`) goes nowhere.
 */
export function createHostGuard(hosts: readonly string[]): (url: string) => string | null {
  const known = new Map<string, boolean>();
  return (url) => {
    if (!/^(?:https?|wss?):/i.test(url)) return null;
    const host = hostOf(url);
    if (host === null) return null;
    const before = known.get(host);
    const may = before ?? (isOwnHost(host) || matchingPattern(host, hosts) !== null);
    // Bounded: a page that makes up names must not fill the generator's memory.
    if (before === undefined && known.size < 1_000) known.set(host, may);
    return may ? null : host;
  };
}

/**
 * 127.0.0.0/8 for Chromium's patterns, in which `?` stands for one character or none. Ended by a digit, since a plain
 * `127.*` would also let out to names such as 127.example.com, and no public top-level domain of up to three characters
 * ends in one.
 */
const LOOPBACK = ['localhost', 'localhost.', '::1', '[::1]', ...Array.from({ length: 10 }, (_, digit) => `127.???.???.??${digit}`)];

/**
 * Returns the value of Chromium's `--host-resolver-rules`: no name and no address resolves but those of the hosts, and
 * this machine's own. It is asked for every connection, so redirects, workers, WebSockets and prefetches are covered.
 */
export function resolverRules(hosts: readonly string[]): string {
  const open = hosts.flatMap((host) => (host.startsWith('[') ? [host, host.slice(1, -1)] : [host, `${host}.`]));
  return ['MAP * ~NOTFOUND', ...[...LOOPBACK, ...open].map((host) => `EXCLUDE ${host}`)].join(', ');
}
