import { aliasesOf } from '../../drive/guards/aliases.ts';
import { askManifest } from '../../drive/guards/manifest.ts';
import type { GuardOverride } from '../../model/index.ts';
import { hostOf } from '../../plan/guards/hosts.ts';
import { aliasRefusals, answerRefusals } from '../../plan/guards/production.ts';
import { overridden, type Refusal } from '../../plan/guards/refusals.ts';
import { targetRefusals } from '../../plan/guards/targets.ts';
import type { HarnessSettings } from '../../plan/settings.ts';
import type { GameDayPlan } from './plan.ts';

type Settings = Pick<HarnessSettings, 'ALLOWED_HOSTS' | 'PRODUCTION_HOSTS' | 'BROWSER_HOSTS' | 'GUARD_OVERRIDES' | 'GUARD_REASON'>;

/**
 * Holds a game day against the guards on hosts, as a run is (documentation/guards.md): it breaks things. By name first,
 * then by the target's marker, with one request. Not against hours: a game day is held when the team is there, and
 * makes no load. Returns what was overridden. Throws J_TARGET_NOT_ALLOWED, J_PRODUCTION_TARGET, J_TARGET_DOWN.
 */
export async function passGuards(
  target: string,
  { drills, audit, metricsUrls, teardown }: GameDayPlan,
  settings: Settings,
  headers: Record<string, string>,
): Promise<GuardOverride[]> {
  const {
    ALLOWED_HOSTS: allowed = [],
    PRODUCTION_HOSTS: production = [],
    BROWSER_HOSTS: browser = [],
    GUARD_OVERRIDES: guards = [],
    GUARD_REASON: reason = '',
  } = settings;
  const decide = (refusals: readonly Refusal[]): GuardOverride[] => overridden(refusals, { guards, reason });
  const using = {
    drills: { ...drills, drills: [] },
    metrics: { urls: [...metricsUrls], prometheus: null, everyMs: drills.watchEveryMs },
    ...(audit ? { audit } : {}),
    ...(teardown ? { teardown } : {}),
  };
  const byName = decide(targetRefusals(target, using, { allowed, production, browser }));
  const host = hostOf(target);
  // The bundled platform is this machine alone.
  if (host === null) return byName;
  // Before anything is sent there. Only names can be compared with a list of names.
  const byAlias = production.length === 0 ? [] : decide(aliasRefusals(host, await aliasesOf(host), production));
  const byMarker = decide(answerRefusals(host, await askManifest(target, headers), production));
  return [...byName, ...byAlias, ...byMarker];
}
