import { z } from 'zod';
import { CodedError, type Fault } from '../errors.ts';
import { scheduleOf, type Phase, type Plan, type PlannedJourney } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import { withoutUsers } from './api-alone.ts';
import { ApiConfig, MetricsConfig, unknownPhases } from './api.ts';
import { AuditConfig } from './audit.ts';
import { DrillsConfig } from './drill-config.ts';
import { GUARDS_CONFIG } from './guards/rules.ts';
import { hookFaults } from './hooks.ts';
import { ReplayConfig, replayFaults } from './replay.ts';
import { locateIn } from './sources.ts';
import { TeardownConfig } from './teardown.ts';
import type { YamlFile, YamlPath } from './yaml.ts';

const seconds = z.number().positive().max(86_400);

/** What the script says under `config.plugins.journeys`. */
const PluginConfig = z.strictObject({
  slo: z.string().min(1).default('slo.yml'),
  profile: z.string().min(1).default('smoke'),
  observers: z.strictObject({
    share: z.number().min(0).max(1).default(0.5),
    max: z.number().int().positive().default(12),
  }).prefault({}),
  maxUsers: z.number().int().positive().default(200),
  stepDeadlineSeconds: seconds.default(15),
  journeyDeadlineSeconds: seconds.default(60),
  recycleAfterContexts: z.number().int().positive().default(500),
  /** A person's pause after each step, off the clock; none when left out. */
  thinkTimeSeconds: z.strictObject({ min: z.number().min(0).max(3_600), max: z.number().min(0).max(3_600) })
    .refine(({ min, max }) => min <= max, 'min is above max').optional(),
  /** Traces of failed steps: so many of each distinct failure, so many in all; 0 for none. */
  traces: z.strictObject({
    perError: z.number().int().nonnegative().max(20).default(2),
    perRun: z.number().int().nonnegative().max(200).default(20),
  }).prefault({}),
  /** Patterns for addresses that hold a name or id, such as `/find/:slug`. */
  routes: z.array(z.string().regex(/^\//, 'a route begins with /')).default([]),
  /** False for a test of the API alone: no browser user comes, whatever arrivals the phases give. */
  browsers: z.boolean().default(true),
  /** Traffic for the API beside the browsers; none when left out. */
  api: ApiConfig.optional(),
  /** Where the target's own figures come from. */
  metrics: MetricsConfig.optional(),
  /** Dependencies to break on purpose, each in a phase of its own. */
  drills: DrillsConfig.optional(),
  /** Of journeys, by name, in place of the weights of their scenarios: a profile can then send other users than the script. */
  weights: z.record(z.string(), z.number().int().nonnegative()).default({}),
  /** Where the books of payments are; those of the bundled platform are always read. */
  audit: AuditConfig.optional(),
  /** Who removes what a run made; the bundled platform's data is removed by itself. */
  teardown: TeardownConfig.optional(),
  /** Recorded search traffic to play, beside whatever else the script sends. */
  replay: ReplayConfig.optional(),
  ...GUARDS_CONFIG,
});
export type PluginConfig = z.infer<typeof PluginConfig>;

export interface ScriptPlan {
  config: PluginConfig;
  phases: Phase[];
  journeys: PlannedJourney[];
}

interface RawScript {
  config?: { phases?: unknown; mode?: unknown; plugins?: { journeys?: unknown } };
  scenarios?: unknown;
}

/**
 * Returns what a run needs from the test script as Artillery merged it (profile over script).
 * `sources` are the files it came from, later ones winning; they only serve to name lines.
 * Throws J_SCRIPT_INVALID with all faults at once, or J_JOURNEY_UNKNOWN if wrong journey names are the only ones.
 */
export function readScript(script: unknown, sources: readonly YamlFile[], knownJourneys: readonly string[]): ScriptPlan {
  const raw = script as RawScript;
  const faults: Fault[] = [];
  const at = (path: YamlPath): string => locateIn(sources, path);

  const parsed = PluginConfig.safeParse(raw.config?.plugins?.journeys ?? {});
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      faults.push({ where: at(['config', 'plugins', 'journeys', ...issue.path.map(asKey)]), message: issue.message });
    }
  }

  const unknown: Fault[] = [];
  const journeys = readScenarios(raw.scenarios, at, knownJourneys, faults, unknown);
  const phases = readPhases(raw.config?.phases, raw.config?.mode, at, faults);
  const { api, browsers, weights, replay } = (raw.config?.plugins?.journeys ?? {}) as { api?: unknown; browsers?: unknown; weights?: unknown; replay?: unknown };
  faults.push(...unknownWeights(weights, journeys, at));
  if (phases.length > 0 && phases.every((phase) => phase.pause)) {
    const hint = 'for a test of the API alone give each a duration and "arrivalCount: 1", and the journeys plugin "browsers: false"';
    faults.push({ where: at(['config', 'phases']), message: 'only pauses, for which Artillery starts nothing', hint });
  }
  if (browsers === false && api === undefined && replay === undefined) {
    const where = at(['config', 'plugins', 'journeys', 'browsers']);
    faults.push({ where, message: 'no browsers and no "api", so nothing would be sent', hint: 'add "api" or "replay", or leave "browsers" out' });
  }
  faults.push(...hookFaults(script, at), ...unknownPhases(api, phases, at), ...replayFaults(replay, phases, withWeights(journeys, weights), at));
  if (faults.length > 0) throw new CodedError('J_SCRIPT_INVALID', [...faults, ...unknown]);
  if (unknown.length > 0) throw new CodedError('J_JOURNEY_UNKNOWN', unknown);
  const { data: config } = parsed as { data: PluginConfig };
  const weighed = withWeights(journeys, config.weights);
  return { config, phases: config.browsers ? phases : withoutUsers(phases), journeys: weighed };
}

/** Returns the journeys with the weights that a profile gives them in place of their scenarios'; looks at a raw value. */
function withWeights(journeys: readonly PlannedJourney[], weights: unknown): PlannedJourney[] {
  const given = new Map(Object.entries(weights ?? {}));
  return journeys.map(({ name, weight }) => {
    const own: unknown = given.get(name);
    return { name, weight: typeof own === 'number' ? own : weight };
  });
}

/** Returns a fault for each weight of a journey that no scenario has. */
function unknownWeights(weights: unknown, journeys: readonly PlannedJourney[], at: (path: YamlPath) => string): Fault[] {
  if (typeof weights !== 'object' || weights === null) return [];
  const known = journeys.map(({ name }) => name);
  return Object.keys(weights).filter((name) => !known.includes(name)).map((name) => ({
    where: at(['config', 'plugins', 'journeys', 'weights', name]), message: `no scenario is of a journey named "${name}"`, hint: didYouMean(name, known),
  }));
}

function readScenarios(
  raw: unknown, at: (path: YamlPath) => string, known: readonly string[], faults: Fault[], unknown: Fault[],
): PlannedJourney[] {
  if (!Array.isArray(raw) || raw.length === 0) {
    faults.push({ where: at(['scenarios']), message: 'no scenarios, so there is nothing to run' });
    return [];
  }
  const journeys: PlannedJourney[] = [];
  raw.forEach((scenario: Record<string, unknown> | null, index) => {
    const place = (key: string): string => at(['scenarios', index, key]);
    const name = scenario?.testFunction ?? scenario?.flowFunction;
    if (scenario?.engine !== 'playwright') {
      faults.push({ where: place('engine'), message: `the engine is ${JSON.stringify(scenario?.engine ?? 'http')}`, hint: 'journeys need "engine: playwright"' });
    }
    if (typeof name !== 'string') {
      faults.push({ where: place('testFunction'), message: 'names no journey', hint: `known: ${known.join(', ')}` });
      return;
    }
    if (!known.includes(name)) unknown.push({ where: place('testFunction'), message: `no journey is named "${name}"`, hint: didYouMean(name, known) });
    const weight = scenario?.weight === undefined ? 1 : Number(scenario.weight);
    if (!Number.isInteger(weight) || weight < 0) {
      faults.push({ where: place('weight'), message: `a weight is a whole number of 0 or more, not ${JSON.stringify(scenario?.weight)}` });
    }
    if (journeys.some((journey) => journey.name === name)) faults.push({ where: place('testFunction'), message: `"${name}" stands twice`, hint: 'give one of them a larger weight' });
    journeys.push({ name, weight });
  });
  return journeys;
}

function readPhases(raw: unknown, defaultMode: unknown, at: (path: YamlPath) => string, faults: Fault[]): Phase[] {
  if (!Array.isArray(raw) || raw.length === 0) {
    faults.push({ where: at(['config', 'phases']), message: 'no phases, so no user would arrive' });
    return [];
  }
  const names = new Set<string>();
  return raw.map((given: Record<string, unknown> | null, index): Phase => {
    // A bare dash in the list: everything is missing, and is told as such.
    const phase = given ?? {};
    const place = (key: string): string => at(['config', 'phases', index, key]);
    const pause = phase.pause !== undefined;
    const durationS = toSeconds(pause ? phase.pause : phase.duration);
    if (durationS === null || durationS <= 0) {
      faults.push({ where: place(pause ? 'pause' : 'duration'), message: 'needs a duration such as 60 (seconds) or "2m"' });
    }
    const whole = (key: string): number | null => {
      if (phase[key] === undefined) return null;
      const value = Number(phase[key]);
      if (Number.isInteger(value) && value >= 0) return value;
      const hint = key === 'arrivalRate' ? 'Artillery takes whole rates only: use arrivalCount for the whole phase instead' : 'a whole number of 0 or more';
      faults.push({ where: place(key), message: `${key} is ${JSON.stringify(phase[key])}`, hint });
      return null;
    };
    const rate = whole('arrivalRate');
    const count = whole('arrivalCount');
    if (!pause && phase.arrivalRate === undefined && phase.arrivalCount === undefined) {
      faults.push({ where: at(['config', 'phases', index]), message: 'neither arrivalRate nor arrivalCount, so no user would arrive' });
    }
    const name = typeof phase.name === 'string' && phase.name ? phase.name : `phase ${index + 1}`;
    if (names.has(name)) faults.push({ where: place('name'), message: `two phases are named "${name}"`, hint: 'results are told apart by the name of their phase' });
    names.add(name);
    if (phase.maxVusers !== undefined) {
      faults.push({ where: place('maxVusers'), message: 'Artillery skips the users above it in silence', hint: 'use maxUsers of the journeys plugin: it counts them as dropped' });
    }
    const mode = phase.mode ?? defaultMode ?? 'uniform';
    if (mode !== 'uniform' && mode !== 'poisson') faults.push({ where: place('mode'), message: `mode is ${JSON.stringify(mode)}`, hint: 'uniform or poisson' });
    const read: Phase = { name, durationS: durationS ?? 0, arrivalRate: rate, rampTo: whole('rampTo'), arrivalCount: count, pause };
    const random = mode === 'poisson' && rate !== null && count === null && read.rampTo === null && !pause;
    if (!random && rate !== null && rate > 0 && read.durationS > 0 && read.rampTo === null && !pause && scheduleOf(read).count === 0) {
      faults.push({ where: place('duration'), message: 'shorter than the time between two users: Artillery would never end this phase' });
    }
    return random ? { ...read, poisson: true } : read;
  });
}

/** Seconds in each unit that the `ms` package, which Artillery reads durations with, knows up to days; plurals besides. */
const UNITS: Record<string, number> = {
  ms: 0.001, msec: 0.001, millisecond: 0.001, s: 1, sec: 1, second: 1, m: 60, min: 60, minute: 60, h: 3_600, hr: 3_600, hour: 3_600,
  d: 86_400, day: 86_400,
};

/** Returns Artillery's ways to write a duration in seconds, or null if it is none of them. */
export function toSeconds(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  const match = typeof value === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(value) : null;
  if (!match) return null;
  const unit = (match[2] ?? '').toLowerCase();
  // `ms` itself ends in an s that is no plural.
  const factor = unit === '' ? 1 : (UNITS[unit] ?? UNITS[unit.replace(/s$/, '')]);
  return factor === undefined ? null : Number(match[1]) * factor;
}

/**
 * Returns the phases that hold when a profile was given. Artillery merges lists place by place, so that a script's second
 * phase and the first one's `arrivalRate` would live on under a profile with a single counted phase. Here the profile's
 * phases replace the script's: only its places and its keys stay, with the values that Artillery resolved.
 */
export function effectivePhases(merged: unknown, profile: unknown): unknown {
  const own = (profile as RawScript | null)?.config?.phases;
  if (!Array.isArray(own) || !Array.isArray(merged)) return merged;
  return own.map((phase: unknown, index) => {
    const resolved = (merged[index] ?? {}) as Record<string, unknown>;
    return Object.fromEntries(Object.keys(phase ?? {}).map((key) => [key, resolved[key]]));
  });
}

/** Returns how many browser users a run will have: those of its phases, and people of replayed traffic. */
export function expectedUsers({ phases, replay }: Pick<Plan, 'phases' | 'replay'>): number {
  return expectedArrivals(phases) + (replay?.load ?? []).reduce((sum, { visits }) => sum + visits, 0);
}

/** Returns how many users the phases will bring. */
export function expectedArrivals(phases: readonly Phase[]): number {
  return phases.reduce((sum, phase) => sum + scheduleOf(phase).count, 0);
}

function asKey(part: PropertyKey): string | number {
  return typeof part === 'number' ? part : String(part);
}
