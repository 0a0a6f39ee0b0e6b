import { z } from 'zod';

/** Returns the host of an address as it is compared: without the dot that may end a name; null where it has none. */
export function hostOf(address: string): string | null {
  const host = URL.parse(address)?.hostname.replace(/\.$/, '') ?? '';
  return host === '' ? null : host;
}

/** Returns whether a host is this machine. Not `0.0.0.0` and not `*.localhost`, which only some programs take for it. */
export function isOwnHost(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** `[::ffff:192.0.2.7]`, as addresses have it. */
const MAPPED = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/;

/** Returns the IPv4 address of a host that is one written as IPv6 (RFC 4291, 2.5.5.2); others as they are. */
export function unmapped(host: string): string {
  const [, high, low] = MAPPED.exec(host) ?? [];
  if (high === undefined || low === undefined) return host;
  return [high, low].map((word) => parseInt(word, 16)).flatMap((word) => [word >> 8, word & 255]).join('.');
}

/** A host as a person writes it, in the form in which addresses have it: lower case, punycode; null if it is none. */
function plainHost(text: string): string | null {
  // A scheme, port, path or user would be taken off in silence, and a person believe that it counts.
  const isIpv6 = /^\[?[\da-f:]*:[\da-f:.]*:[\da-f:.]*\]?$/i.test(text);
  if (!isIpv6 && /[:/?#@\\\s*]/.test(text)) return null;
  const host = hostOf(`http://${isIpv6 && !text.startsWith('[') ? `[${text}]` : text}/`);
  // As an address has it, a full-width star is a plain one.
  return host?.includes('*') === true ? null : host;
}

/** With fewer names after it, a star would stand for a whole top-level domain. */
const LEAST_NAMES_AFTER_STAR = 2;

/** Returns a host or pattern (`*.staging.example.com`: all below it, not itself) in plain form; null if it is none. */
function plainPattern(text: string): string | null {
  const isWild = text.startsWith('*.');
  const host = plainHost(isWild ? text.slice(2) : text);
  if (host === null || !isWild) return host;
  return host.split('.').length < LEAST_NAMES_AFTER_STAR || /[\d\]]$/.test(host) ? null : `*.${host}`;
}

/** One entry of a list of hosts in .env. */
export const HostPattern = z.string().transform((text, context) => {
  const pattern = plainPattern(text.trim());
  if (pattern !== null) return pattern;
  context.addIssue({
    code: 'custom',
    message: 'host names such as staging.example.com or *.staging.example.com, with commas between them: '
      + 'no scheme, port or path, and no * alone',
  });
  return z.NEVER;
});

/** Returns whether there can be a host that both patterns match. */
export function overlap(one: string, other: string): boolean {
  const covers = (wide: string, narrow: string): boolean => (narrow.startsWith('*.')
    ? wide.startsWith('*.') && narrow.slice(1).endsWith(wide.slice(1)) : matchingPattern(narrow, [wide]) !== null);
  return covers(one, other) || covers(other, one);
}

/** Returns the first of the patterns that a host matches; null for none. */
export function matchingPattern(host: string, patterns: readonly string[]): string | null {
  const isMatched = (pattern: string): boolean => (pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern);
  return patterns.find(isMatched) ?? null;
}
