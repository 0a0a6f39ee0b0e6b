import { Resolver } from 'node:dns/promises';

/** Asked of the resolver that this machine uses; a lookup that takes longer is as good as none. */
const LIMIT_MS = 2_000;
/** RFC 1034 wants chains to be short; resolvers give up at about as many. */
const MAX_ALIASES = 8;

type ResolveCname = (host: string) => Promise<string[]>;

function systemResolver(): ResolveCname {
  const resolver = new Resolver({ timeout: LIMIT_MS, tries: 1 });
  return (host) => resolver.resolveCname(host);
}

/** A name without an alias, and one that is nobody's: both are answers. */
const NO_ALIAS = ['ENODATA', 'ENOTFOUND'];

/**
 * Returns the names that a host is an alias of in DNS (CNAME), one after the other; none where there are none, or where nobody
 * tells, which `onUnknown` then hears of. Nothing is sent to the host itself.
 */
export async function aliasesOf(
  host: string, onUnknown: (why: string) => void = () => {}, resolve: ResolveCname = systemResolver(),
): Promise<string[]> {
  const names: string[] = [];
  if (host.startsWith('[') || /^[\d.]+$/.test(host)) return names;
  for (let name = host; names.length < MAX_ALIASES;) {
    const [next] = await resolve(name).catch((error: unknown) => {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!NO_ALIAS.includes(code ?? '')) onUnknown(code ?? message);
      return [];
    });
    const plain = next?.toLowerCase().replace(/\.$/, '');
    if (plain === undefined || names.includes(plain)) return names;
    names.push(plain);
    name = plain;
  }
  return names;
}
