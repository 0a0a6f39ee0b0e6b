import { z } from 'zod';
import type { Fault } from '../errors.ts';
import { ApiPlan, type ApiLoad, type MetricsPlan, type Phase } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import type { ReadScenarios } from './scenarios.ts';
import type { YamlPath } from './yaml.ts';

/** A hundred times the target rates is past what any target is meant for. */
export const SHARE_MAX = 100;
const share = z.number().min(0).max(SHARE_MAX);

/** `api` of the journeys plugin: what the API lane sends, and when. */
export const ApiConfig = z.strictObject({
  /** The scenarios file, relative to the script. */
  scenarios: z.string().min(1).default('config/loadtests/scenarios.json'),
  /** Of the file's target rates, in every phase that `phases` does not name. */
  share: share.default(1),
  /** The same for single phases, by their name. */
  phases: z.record(z.string(), z.union([share, z.strictObject({ from: share, to: share })], {
    error: `must be a share from 0 to ${SHARE_MAX}, or { from: …, to: … }`,
  })).default({}),
  arrivals: ApiPlan.shape.arrivals.default('constant'),
  timeoutSeconds: z.number().positive().max(600).default(10),
  windowSeconds: z.number().min(1).max(60).default(10),
  threads: ApiPlan.shape.threads.default(1),
  connections: ApiPlan.shape.connections.default(64),
  lateSendMilliseconds: z.number().positive().max(60_000).default(10),
  stopPastKnee: z.boolean().default(false),
});
export type ApiConfig = z.infer<typeof ApiConfig>;

/** True for an address that metrics can come from. Credentials in it would end up in the plan, in plain text. */
export function isMetricsUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}

const metricsUrl = z.string().refine(isMetricsUrl, 'must be an http(s) address without credentials');

/** `metrics` of the journeys plugin: where the target's own figures come from. */
export const MetricsConfig = z.strictObject({
  urls: z.array(z.string().refine((url) => url === 'target' || isMetricsUrl(url), 'must be "target" or an http(s) address without credentials'))
    .min(1).default(['target']),
  prometheus: metricsUrl.optional(),
  everySeconds: z.number().min(1).max(600).default(5),
});
export type MetricsConfig = z.infer<typeof MetricsConfig>;

/** What .env or the environment say in place of the script. */
export interface PlanSettings {
  API_SHARE?: number | undefined;
  METRICS_URLS?: string[] | undefined;
  PROMETHEUS_URL?: string | undefined;
  DRILLS?: string[] | undefined;
  DRILL_HOSTS?: string[] | undefined;
  REPLAY_TRAFFIC?: string | undefined;
  REPLAY_SPEED?: number | undefined;
  /** Seconds. */
  SOAK_DURATION?: number | undefined;
}

/** Returns a fault for each phase that `api.phases` names and the script does not have; looks at the raw value. */
export function unknownPhases(api: unknown, phases: readonly Phase[], at: (path: YamlPath) => string): Fault[] {
  const named = (api as { phases?: unknown } | null | undefined)?.phases;
  if (typeof named !== 'object' || named === null || Array.isArray(named)) return [];
  const known = phases.map((phase) => phase.name);
  return Object.keys(named).filter((name) => !known.includes(name)).map((name) => ({
    where: at(['config', 'plugins', 'journeys', 'api', 'phases', name]),
    message: `no phase is named "${name}"`,
    hint: didYouMean(name, known),
  }));
}

/** Returns the API lane's plan: a load for every phase of the script, pauses included, since browsers alone pause. */
export function buildApi(
  config: ApiConfig, source: string, { scenarios, session }: ReadScenarios, phases: readonly Phase[], scale = 1,
): ApiPlan {
  const loads = phases.map(({ name }): ApiLoad => {
    const given = Object.hasOwn(config.phases, name) ? (config.phases[name] ?? config.share) : config.share;
    // Twelve digits: 0.1 × 3 is meant to be 0.3.
    const scaled = (part: number): number => Number((part * scale).toPrecision(12));
    return typeof given === 'number'
      ? { phase: name, share: scaled(given), to: null }
      : { phase: name, share: scaled(given.from), to: scaled(given.to) };
  });
  return {
    source, scenarios, session, loads,
    arrivals: config.arrivals,
    timeoutMs: config.timeoutSeconds * 1_000,
    windowMs: config.windowSeconds * 1_000,
    threads: config.threads,
    connections: config.connections,
    lateSendMs: config.lateSendMilliseconds,
    stopPastKnee: config.stopPastKnee,
  };
}

/** Returns the names by which gates refer to what the API lane sends. */
export function sentBy(scenarios: ReadScenarios['scenarios']): { routes: string[]; scenarios: string[] } {
  const routes = scenarios.flatMap(({ flows }) => flows.flatMap(({ requests }) => requests.map(({ route }) => route)));
  return { routes: [...new Set(routes)], scenarios: scenarios.map(({ name }) => name) };
}

/** Returns where to collect the target's figures, or null where nobody asks for any: no KPI, and no word about metrics. */
export function buildMetrics(config: MetricsConfig | undefined, settings: PlanSettings, hasKpis: boolean): MetricsPlan | null {
  const { METRICS_URLS: urls, PROMETHEUS_URL: prometheus } = settings;
  if (config === undefined && urls === undefined && prometheus === undefined && !hasKpis) return null;
  const { urls: ofScript, prometheus: asked, everySeconds } = config ?? MetricsConfig.parse({});
  return { urls: urls ?? ofScript, prometheus: prometheus ?? asked ?? null, everyMs: everySeconds * 1_000 };
}
