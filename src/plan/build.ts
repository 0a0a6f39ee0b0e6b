import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { CodedError, type Fault } from '../errors.ts';
import { PLAN_VERSION, type Plan } from '../model/index.ts';
import { asPauses, judgeable } from './api-alone.ts';
import { buildAudit } from './audit.ts';
import { ApiConfig, buildApi, buildMetrics, sentBy, type PlanSettings } from './api.ts';
import { budgetsOf } from './budget-slo.ts';
import { askedDrillFiles, buildDrills, chosenDrills, keptPhases, readDrillFiles, withDrillGates } from './drills.ts';
import { guardRules, type GuardRules } from './guards/rules.ts';
import { buildReplay, withReplayed } from './replay.ts';
import { readScenarios } from './scenarios.ts';
import { effectivePhases, readScript } from './script.ts';
import { readSlo } from './slo.ts';
import { locateIn } from './sources.ts';
import { withSoakDuration } from './soak.ts';
import { buildTeardown } from './teardown.ts';
import { parseYaml, type YamlFile } from './yaml.ts';

export interface PlanRequest {
  /** The script as Artillery merged it. */
  script: unknown;
  scriptPath: string;
  /** The file given with --config, if any. */
  profilePath?: string | undefined;
  knownJourneys: readonly string[];
  startedAtEpochMs: number;
  seed: number;
  /** Whether the target is the bundled platform; so when left out. */
  embedded?: boolean;
  /** Settings that the environment gives in place of the script; none when left out. */
  settings?: PlanSettings;
}

/** A plan that lacks only what the machine decides: the run's id and the target's address. */
export interface Draft {
  plan: Omit<Plan, 'runId' | 'target'>;
  /** The phases in Artillery's own form, for its worker. */
  phases: object[];
  /** Where each action of the drills stands in its file, by `<drill>/<index>`. */
  drillPlaces: ReadonlyMap<string, string>;
  /** What must hold before the first arrival, beside the settings. */
  guards: GuardRules;
}

/**
 * Returns the plan for a script, its slo.yml and its scenarios file. Every fault of all files is reported at once, each with
 * its line; throws J_SCRIPT_INVALID, J_JOURNEY_UNKNOWN, J_SLO_INVALID, J_SCENARIOS_INVALID or J_DRILL_INVALID.
 */
export function buildPlan(request: PlanRequest): Draft {
  const paths = [request.scriptPath, ...(request.profilePath ? [request.profilePath] : [])];
  const texts = paths.map((path) => readFileSync(path, 'utf8'));
  const sources = paths.flatMap((path, index): YamlFile[] => {
    const parsed = parseYaml(texts[index] ?? '', path);
    // Artillery has read the file already, also where it is JSON; what cannot be located is still named by its path.
    return 'file' in parsed ? [parsed.file] : [];
  });

  const raw = request.script as { config?: { phases?: unknown } };
  const profileFile = request.profilePath ? sources.find((file) => file.fileName === request.profilePath) : undefined;
  const phases = withSoakDuration(effectivePhases(raw.config?.phases, profileFile?.value), request.settings?.SOAK_DURATION);
  const errors: CodedError[] = [];
  const attempt = <T>(read: () => T, place = errors.length): T | null => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      errors.splice(place, 0, error);
      return null;
    }
  };
  const script = attempt(() => readScript({ ...raw, config: { ...raw.config, phases } }, sources, request.knownJourneys));
  const asked = (request.script as { config?: { plugins?: { journeys?: Record<string, unknown> | null } } }).config?.plugins?.journeys;
  const sloPath = atScript(request.scriptPath, script?.config.slo ?? (typeof asked?.slo === 'string' ? asked.slo : 'slo.yml'));
  const profile = script?.config.profile ?? (typeof asked?.profile === 'string' ? asked.profile : 'smoke');
  // The scenarios are read before slo.yml, which refers to them; people are told of its faults first all the same.
  const placeOfSlo = errors.length;
  // Read also where something else of the script is wrong, so that a person corrects everything in one go.
  const asksApi = ApiConfig.pick({ scenarios: true }).strip().safeParse(asked?.api);
  const apiPath = asksApi.success ? atScript(request.scriptPath, asksApi.data.scenarios) : null;
  const apiText = apiPath === null ? null : attempt(() => readText(apiPath, 'J_SCENARIOS_INVALID'));
  const routes = Array.isArray(asked?.routes) ? asked.routes.filter((route) => typeof route === 'string') : [];
  const scenarios = apiPath === null || apiText === null ? null : attempt(() => readScenarios(apiText, apiPath, routes));
  const sloText = attempt(() => readText(sloPath, 'J_SLO_INVALID'), placeOfSlo);
  const slo = sloText === null ? null : attempt(() => readSlo(sloText, sloPath, {
    profile, journeys: request.knownJourneys.map((name) => ({ name })), callers: request.knownJourneys,
    ...(scenarios ? { api: sentBy(scenarios.scenarios) } : {}),
  }), placeOfSlo);

  const { API_SHARE: scale, DRILLS: chosen, DRILL_HOSTS: hosts = [] } = request.settings ?? {};
  const metrics = script && slo ? buildMetrics(script.config.metrics, request.settings ?? {}, slo.slo.kpis.length > 0) : null;
  const files = askedDrillFiles(asked?.drills);
  const drillFiles = readDrillFiles(files, (path) => atScript(request.scriptPath, path));
  const kept = script && attempt(() => keptPhases(script.phases, files, chosen));
  const inUse = script && kept ? script.phases.filter((_, index) => kept[index]) : [];
  const drills = attempt(() => buildDrills(chosenDrills(drillFiles, chosen), script?.config.drills, {
    phases: inUse, journeys: script?.journeys ?? [], hasMetrics: metrics !== null, embedded: request.embedded ?? true, hosts,
  }));

  const { REPLAY_TRAFFIC: traffic, REPLAY_SPEED: speed } = request.settings ?? {};
  const { replay: played, journeyDeadlineSeconds = 0 } = script?.config ?? {};
  const replay = played === undefined ? null : attempt(() => buildReplay({ ...played, ...(speed === undefined ? {} : { speed }) }, {
    path: traffic ?? atScript(request.scriptPath, played.traffic), phases: inUse, journeyDeadlineMs: journeyDeadlineSeconds * 1_000,
  }));

  const teardown = script && attempt(() => buildTeardown(script.config.teardown, {
    embedded: request.embedded ?? true, where: request.profilePath ?? request.scriptPath,
  }));

  if (!script || !slo || !kept || sloText === null || errors.length > 0) throw merge(errors);
  const { config } = script;
  const audit = buildAudit(config.audit);
  const gates = judgeable(slo, { phases: inUse, audit, profile, ...(replay ? { replay } : {}) });
  const plan: Draft['plan'] = {
    schemaVersion: PLAN_VERSION,
    seed: request.seed,
    startedAtEpochMs: request.startedAtEpochMs,
    script: request.scriptPath,
    profile: config.profile,
    phases: inUse,
    journeys: script.journeys,
    settings: {
      observerShare: config.observers.share,
      maxObservers: config.observers.max,
      maxUsers: config.maxUsers,
      stepDeadlineMs: config.stepDeadlineSeconds * 1_000,
      journeyDeadlineMs: config.journeyDeadlineSeconds * 1_000,
      recycleAfterContexts: config.recycleAfterContexts,
      ...(config.thinkTimeSeconds
        ? { thinkTime: { minMs: 1_000 * config.thinkTimeSeconds.min, maxMs: 1_000 * config.thinkTimeSeconds.max } } : {}),
      traces: config.traces,
    },
    confidence: slo.slo.confidence,
    warmUpPhases: slo.slo.warm_up_phases,
    validity: slo.slo.validity,
    ...(drills || Object.keys(config.weights).length > 0 ? withDrillGates(gates, profile, drills?.gates ?? []) : gates),
    audit,
    sourceHash: createHash('sha256').update([...texts, sloText, ...(apiText === null ? [] : [apiText]), ...drillFiles.texts, ...(replay ? [replay.sourceHash, String(replay.speed)] : [])].join('\0')).digest('hex'),
    routes: withReplayed(config.routes, replay),
    ...(config.api && scenarios && apiPath !== null ? { api: buildApi(config.api, apiPath, scenarios, inUse, scale) } : {}),
    ...(metrics ? { metrics } : {}),
    kpis: slo.slo.kpis,
    ...(slo.slo.cost ? { cost: slo.slo.cost } : {}),
    ...(drills ? { drills: drills.plan } : {}),
    ...(teardown ? { teardown } : {}),
    ...(replay ? { replay } : {}),
    budgets: budgetsOf(slo.slo.third_parties, config.profile),
  };
  const ofWorker = (phases as object[]).filter((_, index) => kept[index]);
  return {
    plan, phases: config.browsers ? ofWorker : asPauses(inUse), drillPlaces: drills?.places ?? new Map(),
    guards: guardRules(config, (path) => locateIn(sources, path)),
  };
}

/** A path in the script is relative to the script; an absolute one stays. */
function atScript(scriptPath: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(scriptPath), path);
}

function readText(path: string, code: 'J_SLO_INVALID' | 'J_SCENARIOS_INVALID'): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code;
    throw new CodedError(code, [{ where: path, message: reason === 'ENOENT' ? 'there is no such file' : `cannot be read (${reason})` }]);
  }
}

function merge(errors: readonly CodedError[]): CodedError {
  const [first] = errors;
  const faults: Fault[] = errors.flatMap((error) => [...error.faults]);
  return new CodedError(first?.code ?? 'J_HARNESS_FAULT', faults);
}
