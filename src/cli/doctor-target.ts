import { aliasesOf } from '../drive/guards/aliases.ts';
import { askManifest, saysHeader } from '../drive/guards/manifest.ts';
import { checkTarget, parseTarget, type TargetAnswer } from '../drive/target.ts';
import { hostOf, matchingPattern } from '../plan/guards/hosts.ts';
import { aliasRefusals, answerRefusals } from '../plan/guards/production.ts';
import { overridden, type Refusal } from '../plan/guards/refusals.ts';
import { targetRefusals } from '../plan/guards/targets.ts';
import type { HarnessSettings } from '../plan/settings.ts';

type Settings = Pick<HarnessSettings, 'ALLOWED_HOSTS' | 'PRODUCTION_HOSTS' | 'HEALTH_PATH'>;

/**
 * Asks a target what a run would ask it first, and returns its address. Where a run would be refused nothing more is asked.
 * Throws J_TARGET_INVALID, J_TARGET_NOT_ALLOWED, J_PRODUCTION_TARGET, J_TARGET_DOWN, J_TARGET_UNHEALTHY.
 */
export async function askTarget(target: string, settings: Settings): Promise<string> {
  const url = parseTarget(target);
  const { ALLOWED_HOSTS: allowed = [], PRODUCTION_HOSTS: production = [], HEALTH_PATH: healthPath } = settings;
  const own = hostOf(url) ?? '';
  const decide = (refusals: readonly Refusal[]): unknown => overridden(refusals, { guards: [], reason: '' });
  decide(targetRefusals(url, {}, { allowed, production }));
  if (production.length > 0) decide(aliasRefusals(own, await aliasesOf(own), production));
  decide(answerRefusals(own, await askManifest(url), production));
  const follows = ({ url: at, headers, redirectsTo }: TargetAnswer): boolean => {
    decide(answerRefusals(own, { url: at, forbids: saysHeader(headers), redirectsTo }, production));
    const to = redirectsTo === null ? null : hostOf(redirectsTo);
    return to !== null && (to === own || matchingPattern(to, allowed) !== null);
  };
  await checkTarget(url, { healthPath, follows });
  return url;
}
