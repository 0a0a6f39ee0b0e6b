import { hostOf, matchingPattern, unmapped } from './hosts.ts';
import type { Refusal } from './refusals.ts';

/** Returns the entry of PRODUCTION_HOSTS that a host falls under, however it is written; null for none. */
export function productionEntry(host: string, production: readonly string[]): string | null {
  return matchingPattern(unmapped(host), production.map(unmapped));
}

/** Returns the refusal of a host that PRODUCTION_HOSTS names; `leads` is what comes before it: `the target is on`. */
export function productionByName(leads: string, host: string, pattern: string): Refusal {
  const entry = pattern === host ? '' : ` as ${pattern}`;
  return {
    guard: 'production', code: 'J_PRODUCTION_TARGET', host,
    fault: { where: 'PRODUCTION_HOSTS', message: `${leads} ${host}, which is production${entry}` },
  };
}

function amongProduction(hosts: readonly string[], leads: string, production: readonly string[]): Refusal[] {
  return hosts.flatMap((host) => {
    const pattern = productionEntry(host, production);
    return pattern === null ? [] : [productionByName(leads, host, pattern)];
  });
}

/** Returns what is against a target that is an alias of these names in DNS. */
export function aliasRefusals(target: string, names: readonly string[], production: readonly string[]): Refusal[] {
  return amongProduction(names, `the target ${target} is an alias of`, production);
}

/** What an answer of the target said and where it led. */
export interface Said {
  /** Where it was asked. */
  url: string;
  /** Against load tests, as the end of a sentence that begins with the target; null for nothing. */
  forbids: string | null;
  /** An address; null for none. */
  redirectsTo: string | null;
}

/** Returns what is against a target, a host, that answered so: it forbids load tests, or leads to production. */
export function answerRefusals(
  target: string, { url, forbids, redirectsTo }: Said, production: readonly string[],
): Refusal[] {
  const to = redirectsTo === null ? null : hostOf(redirectsTo);
  return [
    ...(forbids === null ? [] : [{
      guard: 'production', code: 'J_PRODUCTION_TARGET', host: target,
      fault: { where: url, message: `the target ${target} ${forbids}` },
    } satisfies Refusal]),
    ...amongProduction(to === null || to === target ? [] : [to], `the target ${target} redirects to`, production),
  ];
}
