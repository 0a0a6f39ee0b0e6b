import { ExpectedEnvironment } from '../../model/index.ts';
import type { YamlPath } from '../yaml.ts';
import { OffPeakConfig, type LoadWindow } from './off-peak.ts';

/** What a script says for the guards, each with where it says so. */
export interface GuardRules {
  offPeak: { where: string; windows: LoadWindow[] } | null;
  environment: { where: string; expected: ExpectedEnvironment } | null;
}

/** The keys of the journeys plugin that are about guards. */
export const GUARDS_CONFIG = {
  /** When load may be made. */
  offPeak: OffPeakConfig.optional(),
  /** What the target must say of itself. */
  environment: ExpectedEnvironment.optional(),
} as const;

/** Returns what a script says for the guards; `at` tells where a key stands. */
export function guardRules(
  { offPeak, environment }: { offPeak?: LoadWindow[] | undefined; environment?: ExpectedEnvironment | undefined },
  at: (path: YamlPath) => string,
): GuardRules {
  const where = (key: string): string => at(['config', 'plugins', 'journeys', key]);
  return {
    offPeak: offPeak ? { where: where('offPeak'), windows: offPeak } : null,
    environment: environment ? { where: where('environment'), expected: environment } : null,
  };
}
