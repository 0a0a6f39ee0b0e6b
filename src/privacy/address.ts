import type { Detector, Hit } from './hit.ts';

/** Behind a comma it may be one of a list of addresses; behind a comma after any other number it is none. */
const V4 = /(?<![\w.+-]|(?<!\d\.\d{1,3}\.\d{1,3}\.\d{1,3})(?<=\d),)(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)/g;
/** All that is given out to anybody lies in 2000::/3 (IANA), so that the first group has four digits. */
const V6 = /(?<![\w:.])[23][0-9a-f]{3}(?::[0-9a-f]{0,4}){2,7}(?![\w:])/gi;
/** `Chrome/153.0.0.1`, `v1.2.3.4`, `"version":"1.2.3.4"`: four numbers, and no address. */
const VERSION_BEFORE = /(?:\b[A-Z]\w*\/|\b[vV]|@|[vV]ersions?["'\\]{0,3}\s?[:=]?\s?["'\\]{0,3}|Chromium )$/;
const LONGEST_BEFORE = 40;

/** IANA's special-purpose registry: this host, private, shared, loopback, link-local, documentation, tests, all above 223. */
const NOBODYS_V4: readonly [first: string, bits: number][] = [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24],
  ['192.0.2.0', 24], ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 3],
];

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Returns whether a dotted address is one that somebody on the Internet can have. */
export function isPublicV4(address: string): boolean {
  const parts = address.split('.');
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0')))) return false;
  // The address of a network, or one whose last part was taken away.
  if (parts[3] === '0') return false;
  // A version, or the numbers of a drawing without their zeros; of two million addresses five look like that.
  if (parts.every((part) => part.length === 1)) return false;
  const number = toNumber(address);
  return !NOBODYS_V4.some(([first, bits]) => Math.floor(number / 2 ** (32 - bits)) === Math.floor(toNumber(first) / 2 ** (32 - bits)));
}

/** Returns whether text that begins as a global address is one, and not of the ranges for documentation (RFC 3849, RFC 9637). */
export function isPublicV6(text: string): boolean {
  const groups = text.toLowerCase().split(':');
  const gaps = text.split('::').length - 1;
  if (gaps > 1 || groups.length > 8 || (gaps === 0 && groups.length !== 8)) return false;
  if (gaps === 0 && groups.includes('')) return false;
  // `2001:` or `2001:db8` cut short by the text around it is no address.
  if (text.endsWith(':') && !text.endsWith('::')) return false;
  return !/^(?:2001:0?db8:|3fff:0?[0-9a-f]{0,3}:)/.test(`${text.toLowerCase()}:`);
}

/** Addresses of the public Internet, version 4 and 6. */
export const address: Detector = {
  hint: '\\d\\.\\d{1,3}\\.\\d{1,3}\\.\\d|[23][0-9a-f]{3}:[0-9a-f]{0,4}:',
  find(text) {
    const hits: Hit[] = [];
    for (const { 0: written, index } of text.matchAll(V4)) {
      if (!isPublicV4(written) || VERSION_BEFORE.test(text.slice(Math.max(0, index - LONGEST_BEFORE), index))) continue;
      hits.push({ kind: 'ip', from: index, to: index + written.length });
    }
    for (const { 0: written, index } of text.matchAll(V6)) {
      if (isPublicV6(written)) hits.push({ kind: 'ip', from: index, to: index + written.length });
    }
    return hits;
  },
};
