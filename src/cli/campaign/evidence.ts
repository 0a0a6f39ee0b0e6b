import { createHash } from 'node:crypto';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Campaign, CampaignRun, KpiFigure, Sources } from '../../model/campaign.ts';
import { GateFigures } from '../../model/campaign.ts';
import { GAME_DAYS } from '../../drive/drills/journal.ts';
import { GameDay } from '../../model/game-day.ts';
import { RunRecord } from '../../model/index.ts';

/** What a run is made of, beside slo.yml: the harness, its journeys and load, and the bundled platform. */
const SOURCES = ['src', 'artillery', 'journeys', 'fixtures', 'platform', 'config'].map((folder) => `${folder}/**/*`);
const SOURCE_FILES = ['journeys.yml', 'package.json', 'package-lock.json'];

/** Returns the hash of what a run would be made of now. */
export function sourcesOf(root: string, sloPath: string): Sources {
  const files = globSync([...SOURCES, ...SOURCE_FILES], {
    cwd: root,
    withFileTypes: true,
    exclude: (entry) => entry.name === 'node_modules' || entry.name.endsWith('.test.ts'),
  });
  const paths = files
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const path of paths)
    hash.update(`${path.slice(root.length).split(sep).join('/')}\0${sha256(readFileSync(path))}\n`);
  return { code: hash.digest('hex'), slo: sha256(readFileSync(sloPath)) };
}

/** What a campaign keeps of a run's record. */
export type Kept = Pick<
  CampaignRun,
  'decision' | 'reason' | 'durationS' | 'recordSha256' | 'commit' | 'target' | 'gates' | 'kpis' | 'machine'
>;

export const NOTHING_KEPT: Kept = {
  decision: null,
  reason: '',
  durationS: null,
  recordSha256: null,
  commit: null,
  target: null,
  gates: [],
  kpis: [],
  machine: null,
};

export interface ReadRun {
  kept: Kept;
  /** How the run itself says that it ended; null where it never did. */
  ended: RunRecord['totals']['ended'];
}

/** Returns what a run's record.json says, or null where there is none that can be read. */
export function readRun(runDir: string): ReadRun | null {
  let text: string;
  let json: unknown;
  try {
    text = readFileSync(join(runDir, 'record.json'), 'utf8');
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const read = RunRecord.safeParse(json);
  if (!read.success) return null;
  const { verdict, totals, environment, plan, findings } = read.data;
  return {
    ended: totals.ended,
    kept: {
      decision: verdict.decision,
      reason: verdict.reason,
      durationS: totals.durationMs / 1_000,
      recordSha256: sha256(text),
      commit: environment?.commit ?? null,
      target: plan.target.embedded ? 'embedded' : plan.target.url,
      gates: verdict.gates.map(({ evidence: _, ...figures }) => GateFigures.parse(figures)),
      kpis: findings.filter((one) => one.metric === 'kpi').map(kpiFigure),
      machine:
        environment === null
          ? null
          : {
              cpu: environment.cpuModel,
              cores: environment.cores,
              memoryBytes: environment.memoryBytes,
              node: environment.nodeVersion,
              browser: `${environment.browser.version} (${environment.browser.source})`,
            },
    },
  };
}

function kpiFigure({ scope, stat, value, unit, n }: RunRecord['findings'][number]): KpiFigure {
  return { kpi: scope.kpi ?? '', stat, value, unit, n };
}

/** Returns by run id what is wrong with the records that count: gone, or no longer the ones that were judged. */
export function brokenRecords(folder: string, runs: readonly CampaignRun[]): Map<string, string> {
  const broken = new Map<string, string>();
  for (const run of runs) {
    if (run.recordSha256 === null || run.outcome !== 'completed' || run.superseded) continue;
    const path = join(folder, run.runId, 'record.json');
    try {
      if (sha256(readFileSync(path)) !== run.recordSha256) {
        broken.set(run.runId, 'record.json has changed since the campaign judged by it');
      }
    } catch {
      broken.set(run.runId, 'record.json is gone');
    }
  }
  return broken;
}

/** Returns the hash of each file that a criterion names, or null where it is not there. */
export function namedFiles(root: string, campaign: Campaign): Map<string, string | null> {
  const paths = campaign.gates.flatMap((gate) => gate.criteria.flatMap((one) => one.files ?? []));
  return new Map(
    paths.map((path) => {
      try {
        return [path, sha256(readFileSync(join(root, path)))];
      } catch {
        return [path, null];
      }
    }),
  );
}

const NOT_HELD: readonly GameDay['outcome'][] = ['under way', 'no steady state', 'interrupted', 'fault'];

/**
 * Returns the newest game day of a reports folder that people held from a time on; null where there is none. Practice and given
 * answers show nothing of a team; one that was interrupted, or in which nothing was broken yet, is none.
 */
export function newestGameDay(reports: string, fromEpochMs: number): GameDay | null {
  const folder = join(reports, GAME_DAYS);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return null;
  }
  const days = names.sort().reverse().map((name) => readGameDay(join(folder, name, 'gameday.json')));
  const held = (day: GameDay): boolean => day.team === 'people' && day.startedAtEpochMs >= fromEpochMs && !NOT_HELD.includes(day.outcome);
  return days.find((day) => day !== null && held(day)) ?? null;
}

function readGameDay(path: string): GameDay | null {
  try {
    return GameDay.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
