import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Plan } from '../../src/model/index.ts';
import { buildPlan } from '../../src/plan/build.ts';

export const ROOT = join(import.meta.dirname, '../..');

interface Script {
  config: { phases: unknown; plugins: { journeys: object } };
  scenarios: { testFunction: string }[];
}

const read = (path: string): unknown => parse(readFileSync(join(ROOT, path), 'utf8'));

/** Returns the plan that a profile of this repository makes of journeys.yml, as a run of it would have it. */
export function planOfProfile(profile: string): Plan {
  const profilePath = `artillery/profiles/${profile}.yml`;
  const script = read('journeys.yml') as Script;
  const { config } = read(profilePath) as { config: Script['config'] };
  const { plan } = buildPlan({
    // As Artillery merges the two.
    script: {
      ...script,
      config: {
        ...script.config, ...config,
        plugins: { journeys: { ...script.config.plugins.journeys, ...config.plugins.journeys } },
      },
    },
    scriptPath: join(ROOT, 'journeys.yml'), profilePath: join(ROOT, profilePath),
    knownJourneys: script.scenarios.map(({ testFunction }) => testFunction), startedAtEpochMs: 1_795_000_000_000, seed: 1,
  });
  const target = { url: 'http://127.0.0.1:8085', embedded: true };
  return { ...plan, script: 'journeys.yml', runId: `generated-${profile}`, target };
}
