import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { CodedError, type Fault } from '../errors.ts';
import { PLAN_VERSION, type Plan } from '../model/index.ts';
import { effectivePhases, readScript } from './script.ts';
import { readSlo } from './slo.ts';
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
}

/** A plan that lacks only what the machine decides: the run's id and the target's address. */
export interface Draft {
  plan: Omit<Plan, 'runId' | 'target'>;
  /** The phases in Artillery's own form, for its worker. */
  phases: object[];
}

/**
 * Returns the plan for a script and its slo.yml. Every fault of both files is reported at once, each with its line;
 * throws J_SCRIPT_INVALID, J_JOURNEY_UNKNOWN or J_SLO_INVALID.
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
  const phases = effectivePhases(raw.config?.phases, profileFile?.value);
  const errors: CodedError[] = [];
  const attempt = <T>(read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      errors.push(error);
      return null;
    }
  };
  const script = attempt(() => readScript({ ...raw, config: { ...raw.config, phases } }, sources, request.knownJourneys));
  const asked = (request.script as { config?: { plugins?: { journeys?: { slo?: unknown; profile?: unknown } } } }).config?.plugins?.journeys;
  const sloPath = atScript(request.scriptPath, script?.config.slo ?? (typeof asked?.slo === 'string' ? asked.slo : 'slo.yml'));
  const profile = script?.config.profile ?? (typeof asked?.profile === 'string' ? asked.profile : 'smoke');
  const sloText = attempt(() => readSloFile(sloPath));
  const slo = sloText === null ? null : attempt(() => readSlo(sloText, sloPath, { profile, journeys: request.knownJourneys.map((name) => ({ name })) }));

  if (!script || !slo || sloText === null) throw merge(errors);
  const { config } = script;
  const plan: Draft['plan'] = {
    schemaVersion: PLAN_VERSION,
    seed: request.seed,
    startedAtEpochMs: request.startedAtEpochMs,
    script: request.scriptPath,
    profile: config.profile,
    phases: script.phases,
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
    gates: slo.gates,
    gatesNotInProfile: slo.gatesNotInProfile,
    sourceHash: createHash('sha256').update([...texts, sloText].join('\0')).digest('hex'),
    routes: config.routes,
  };
  return { plan, phases: phases as object[] };
}

/** A path in the script is relative to the script; an absolute one stays. */
function atScript(scriptPath: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(scriptPath), path);
}

function readSloFile(path: string): string {
  if (!existsSync(path)) throw new CodedError('J_SLO_INVALID', [{ where: path, message: 'there is no such file' }]);
  return readFileSync(path, 'utf8');
}

function merge(errors: readonly CodedError[]): CodedError {
  const [first] = errors;
  const faults: Fault[] = errors.flatMap((error) => [...error.faults]);
  return new CodedError(first?.code ?? 'J_HARNESS_FAULT', faults);
}
