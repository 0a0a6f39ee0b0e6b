import type { Plan } from '../../model/index.ts';
import { hostOf, isOwnHost, matchingPattern, overlap } from './hosts.ts';
import { productionByName, productionEntry } from './production.ts';
import type { Refusal } from './refusals.ts';

/** The lists of hosts in the settings. */
export interface HostLists {
  allowed: readonly string[];
  production: readonly string[];
  /** What browsers may ask beside the target. */
  browser?: readonly string[];
}

/** An address beside the target's that a run uses, and what for. */
interface UsedAddress {
  what: string;
  url: string;
  /** It is more than read from: it must be allowed as the target must. */
  isChanged: boolean;
}

type Using = Pick<Plan, 'metrics' | 'audit' | 'drills' | 'teardown'>;

/** Returns the addresses that a plan names beside its target; what stands for the bundled platform's own is none. */
function usedAddresses({ metrics, audit, drills, teardown }: Using): UsedAddress[] {
  const read = (what: string, url: string | null | undefined): UsedAddress[] =>
    (url == null ? [] : [{ what, url, isChanged: false }]);
  const calls = (drills?.drills ?? []).flatMap(({ name, actions }) => actions.flatMap((action) =>
    (action.kind === 'http' ? [action.call, action.undo].flatMap((call) => read(`a call of drill ${name}`, call?.url)) : [])));
  return [
    // First: of a host that is named twice, the stricter use counts.
    ...(teardown?.url == null ? [] : [{ what: 'the teardown', url: teardown.url, isChanged: true }]),
    ...(metrics?.urls ?? []).flatMap((url) => read('a metrics page', url)),
    ...read('the Prometheus server', metrics?.prometheus),
    ...read('the ledger of payments', audit?.platform),
    ...read('the payment provider', audit?.provider),
    // Those of drills have a list of their own, DRILL_HOSTS.
    ...Object.entries(drills?.dependencies ?? {}).flatMap(([name, { toxiproxy, control }]) => [
      ...read(`the Toxiproxy of ${name}`, toxiproxy), ...read(`the control API of ${name}`, control),
    ]),
    ...read('the flags API', drills?.flags),
    ...calls,
  ];
}

/** Returns what is against a host by its name alone; `who` begins the sentence. Production is refused also where it is allowed. */
function hostRefusals(
  who: string, host: string, { allowed, production }: HostLists, mustBeAllowed = true,
): Refusal[] {
  const named = productionEntry(host, production);
  const refusals: Refusal[] = named === null ? [] : [productionByName(`${who} is on`, host, named)];
  if (!mustBeAllowed || isOwnHost(host) || matchingPattern(host, allowed) !== null) return refusals;
  return [...refusals, {
    guard: 'target', code: 'J_TARGET_NOT_ALLOWED',
    fault: {
      where: 'ALLOWED_HOSTS', message: `${who} is on ${host}, which is neither this machine nor on the list`,
      // Whoever follows the hint for a production host would be no further.
      ...(named === null ? { hint: `ALLOWED_HOSTS=${[...allowed, host].join(',')} in .env, if load tests may go there` } : {}),
    },
  }];
}

/** Returns what is against the hosts of a run by their names: of its target, and of everything else it would ask. */
export function targetRefusals(target: string, using: Using, lists: HostLists): Refusal[] {
  const own = hostOf(target);
  const told = new Set(own === null ? [] : [own]);
  const others = usedAddresses(using).flatMap(({ what, url, isChanged }): Refusal[] => {
    const host = hostOf(url);
    if (host === null || told.has(host)) return [];
    told.add(host);
    return hostRefusals(what, host, lists, isChanged);
  });
  return [...(own === null ? [] : hostRefusals('the target', own, lists)), ...others, ...browserRefusals(lists)];
}

/** Pages would ask production on behalf of every user; which host of a pattern they ask is known only then. */
function browserRefusals({ browser = [], production }: HostLists): Refusal[] {
  return browser.flatMap((entry): Refusal[] => {
    const named = production.find((one) => overlap(entry, one));
    if (named === undefined) return [];
    const host = entry.startsWith('*.') && !named.startsWith('*.') ? named : entry;
    const message = `BROWSER_HOSTS lets pages ask ${entry}, and ${named} is production`;
    const hint = 'list the hosts that pages need one by one, without it';
    return [{ guard: 'production', code: 'J_PRODUCTION_TARGET', host, fault: { where: 'PRODUCTION_HOSTS', message, hint } }];
  });
}
