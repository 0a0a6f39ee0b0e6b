import type { KeyedHash } from './keyed-hash.ts';
import { isPlain } from './plain.ts';

/** Second levels under which names are given out: `example.co.uk` is a site, `co.uk` is none. */
const SECOND_LEVELS = new Set(['co', 'com', 'org', 'net', 'ac', 'gov', 'edu', 'or', 'ne', 'go']);

/**
 * Returns the site of a referrer, without what stands before its name: `www.google.co.uk` becomes `google.co.uk`, and
 * `jane.blog.example` `blog.example`, since many names before it are people's. Null where there is none.
 */
export function referrerHost(referrer: string, hash: KeyedHash): string | null {
  if (referrer === '') return null;
  const found = /^https?:\/\/(?:[^/?#]*@)?([^/?#:@]+)(?::\d+)?(?:[/?#]|$)/i.exec(referrer);
  if (!found) return 'other';
  const labels = (found[1] as string).toLowerCase().replace(/\.$/, '').split('.');
  const [top, second] = labels.toReversed();
  if (!top || !second || labels.includes('') || /^\d+$/.test(top)) return 'other';
  const levels = top.length === 2 && SECOND_LEVELS.has(second) ? 3 : 2;
  const kept = (label: string): boolean => isPlain(label) && /^[a-z0-9-]+$/.test(label);
  return labels.slice(-levels).map((label) => (kept(label) ? label : hash('host', label))).join('.');
}
