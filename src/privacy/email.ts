import type { Detector, Hit } from './hit.ts';

/** Nobody can have an address there: RFC 2606 and RFC 6761. */
const RESERVED = /(?:^|\.)(?:example\.(?:com|net|org)|test|example|invalid|localhost)$/i;

/** Returns whether nobody can have an e-mail address under this domain. */
export function isReservedDomain(domain: string): boolean {
  return RESERVED.test(domain);
}

const AT = /@|%40/g;
/** RFC 5321 allows 64 bytes. Quoted local parts are left out: nobody has one. */
const LONGEST_LOCAL = 64;
const LOCAL = /[\p{L}\p{N}](?:[\p{L}\p{N}._%+'-]*[\p{L}\p{N}_+-])?$/u;
const DOMAIN = /(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+(?:xn--[a-z0-9-]{2,59}|\p{L}{2,24})(?![\p{L}\p{N}])/uy;
/** `icon@2x.png`, `chunk@next.js`: no top-level domains, but ends of names of files. */
const FILE_END = /\.(?:png|jpe?g|gif|svg|webp|avif|ico|css|[cm]?js|jsx|tsx?|json|html?|map|woff2?|ttf|txt|ndjson|log)$/i;

/** E-mail addresses outside of the reserved domains, also percent-encoded as they stand in addresses of pages. */
export const email: Detector = {
  hint: '@|%40',
  find(text) {
    const hits: Hit[] = [];
    for (const { 0: at, index } of text.matchAll(AT)) {
      DOMAIN.lastIndex = index + at.length;
      const domain = DOMAIN.exec(text)?.[0].replace(FILE_END, '');
      if (!domain?.includes('.') || isReservedDomain(domain)) continue;
      const local = LOCAL.exec(text.slice(Math.max(0, index - LONGEST_LOCAL), index))?.[0];
      // git@host:path is where code lies, for everybody.
      if (local !== undefined && local !== 'git') hits.push({ kind: 'email', from: index - local.length, to: index + at.length + domain.length });
    }
    return hits;
  },
};
