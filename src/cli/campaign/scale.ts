import { CodedError } from '../../errors.ts';
import { askedDrillFiles, drillName } from '../../plan/drills.ts';
import { toSeconds } from '../../plan/script.ts';

/** Phases shorter than this show nothing but their own beginning. */
const LEAST_PHASE_S = 5;
/** The API lane's windows when a profile does not say. */
const DEFAULT_WINDOW_S = 10;
/** Between two scrapes of the target's metrics, likewise. */
const DEFAULT_SCRAPE_S = 5;

type Raw = Record<string, unknown>;

export interface CompressedProfile {
  /** The profile as Artillery reads it (JSON is YAML). */
  text: string;
  durationS: number;
  /** What the run's time was divided by; 1 where it was short enough already. */
  factor: number;
}

/**
 * Returns how long the phases of a profile last together, in seconds. Throws J_SCRIPT_INVALID where one has no
 * duration.
 */
export function profileSeconds(profile: unknown, fileName: string): number {
  return phasesOf(profile, fileName).reduce((sum, phase) => sum + secondsOf(phase, fileName), 0);
}

/**
 * Returns a profile with its time divided by `scale`, but no shorter than `leastS` (or than it was): every phase in the
 * same proportion, at least five seconds. Rates stay, so a phase that counts its users gets fewer of them; think times,
 * the API lane's windows and the pauses between scrapes shrink with the phases. `processor` is an absolute path, since
 * the text will lie elsewhere than the profile did.
 */
export function compressProfile(
  profile: unknown,
  fileName: string,
  how: { scale: number; leastS: number; processor: string },
): CompressedProfile {
  const phases = phasesOf(profile, fileName);
  const total = profileSeconds(profile, fileName);
  const factor = Math.max(1, Math.min(how.scale, total / how.leastS));
  const shorter = phases.map((phase) => compressPhase(phase, factor, fileName));
  const config = (profile as { config: Raw }).config;
  const plugins = isRaw(config.plugins) ? config.plugins : {};
  const journeys = isRaw(plugins.journeys) ? plugins.journeys : {};
  const compressed = {
    config: {
      ...config,
      phases: shorter.map(({ phase }) => phase),
      ...(config.processor === undefined ? {} : { processor: how.processor }),
      plugins: { ...plugins, journeys: compressSettings(journeys, factor) },
    },
  };
  return {
    text: `${JSON.stringify(compressed, null, 2)}\n`,
    durationS: shorter.reduce((sum, { seconds }) => sum + seconds, 0),
    factor,
  };
}

/** Returns a profile without the phases of the drills that are not chosen; as it is where none are. */
export function onlyDrills(profile: unknown, chosen: readonly string[] | undefined): unknown {
  if (chosen === undefined) return profile;
  const { config } = profile as { config: { phases: { name?: string }[]; plugins?: { journeys?: { drills?: unknown } } } };
  const others = askedDrillFiles(config.plugins?.journeys?.drills).map(drillName).filter((name) => !chosen.includes(name));
  const phases = config.phases.filter(({ name }) => name === undefined || !others.includes(name));
  return { ...(profile as object), config: { ...config, phases } };
}

function compressPhase(phase: Raw, factor: number, fileName: string): { phase: Raw; seconds: number } {
  const before = secondsOf(phase, fileName);
  const seconds = Math.max(Math.min(before, LEAST_PHASE_S), Math.round(before / factor));
  const users = Number(phase.arrivalCount);
  return {
    seconds,
    phase: {
      ...phase,
      ...(phase.pause === undefined ? { duration: seconds } : { pause: seconds }),
      ...(users > 0 ? { arrivalCount: Math.max(1, Math.round((users * seconds) / before)) } : {}),
    },
  };
}

function compressSettings(journeys: Raw, factor: number): Raw {
  const { api, metrics, thinkTimeSeconds: think } = journeys;
  const whole = (value: unknown, otherwise: number): number =>
    Math.max(1, Math.round((Number(value) || otherwise) / factor));
  return {
    ...journeys,
    ...(isRaw(api) ? { api: { ...api, windowSeconds: whole(api.windowSeconds, DEFAULT_WINDOW_S) } } : {}),
    ...(isRaw(metrics) ? { metrics: { ...metrics, everySeconds: whole(metrics.everySeconds, DEFAULT_SCRAPE_S) } } : {}),
    ...(isRaw(think)
      ? {
          thinkTimeSeconds: Object.fromEntries(
            Object.entries(think).map(([end, value]) => [end, Number(value) / factor]),
          ),
        }
      : {}),
  };
}

function phasesOf(profile: unknown, fileName: string): Raw[] {
  const phases: unknown = (profile as { config?: { phases?: unknown } } | null)?.config?.phases;
  if (Array.isArray(phases) && phases.length > 0 && phases.every(isRaw)) return phases;
  throw new CodedError('J_SCRIPT_INVALID', [
    { where: `${fileName} config.phases`, message: 'no phases, so no user would arrive' },
  ]);
}

function secondsOf(phase: Raw, fileName: string): number {
  const seconds = toSeconds(phase.pause ?? phase.duration);
  if (seconds !== null && seconds > 0) return seconds;
  const where = `${fileName} config.phases ${typeof phase.name === 'string' ? `"${phase.name}"` : ''}`.trim();
  throw new CodedError('J_SCRIPT_INVALID', [{ where, message: 'needs a duration such as 60 (seconds) or "2m"' }]);
}

function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
