import { basename, join } from 'node:path';
import { setEnvironmentData } from 'node:worker_threads';
import { outletsOf } from '../src/cli/outlets.ts';
import { Recorder } from '../src/collect/recorder.ts';
import { redaction } from '../src/collect/redaction.ts';
import { openSessions } from '../src/drive/api/sessions.ts';
import { resolveBrowser, type ResolvedBrowser } from '../src/drive/browser.ts';
import { fingerprint } from '../src/drive/calibration.ts';
import { startCanaryServer } from '../src/drive/canary.ts';
import { canaryIdle } from '../src/drive/canary-idle.ts';
import { describeEnvironment } from '../src/drive/environment.ts';
import { collectGarbage } from '../src/drive/garbage.ts';
import { startPlatform, type RunningPlatform } from '../src/drive/platform.ts';
import { readResumption, remainingPhases, type Resumption } from '../src/drive/resume.ts';
import { monotonicMs } from '../src/drive/run-clock.ts';
import { RunLock, makeRunFolder, makeRunId, writeRunFile } from '../src/drive/run-folder.ts';
import { taggedRequest } from '../src/drive/tags.ts';
import { checkTarget, parseTarget } from '../src/drive/target.ts';
import { CodedError, asCodedError, type Fault } from '../src/errors.ts';
import type { AnyJourney } from '../src/journey.ts';
import type { Plan } from '../src/model/index.ts';
import { budgetLines } from '../src/plan/budget.ts';
import { buildPlan } from '../src/plan/build.ts';
import { auditable, placedAudit } from '../src/plan/audit.ts';
import { isReplayAlone } from '../src/plan/replay.ts';
import { replayLines } from '../src/plan/replay-lines.ts';
import { browserHosts, hostLines, sendsTagHeaders } from '../src/plan/browser-hosts.ts';
import { expectedUsers } from '../src/plan/script.ts';
import { readSettings, type HarnessSettings } from '../src/plan/settings.ts';
import { parityParts } from '../src/report/guards.ts';
import { placedTeardown } from '../src/plan/teardown.ts';
import { artillery, say } from './artillery-global.ts';
import { auditKeys, checkBooks } from './audit.ts';
import { crowdPriority, refuseOverCapacity } from './capacity.ts';
import { openDrills, undoLeftovers } from './drills.ts';
import { RunGuards, allOverrides } from './guards.ts';
import { refuseMaskedNames, tellPrivatePlan } from './privacy.ts';
import { ROOT, type RunParts } from './run-parts.ts';
import { openTeardown, tellOwedTeardowns } from './teardown.ts';
import { API_SESSIONS, WORKER_INPUT, type WorkerInput } from './worker-input.ts';

export interface Preparation {
  script: object;
  scriptPath: string;
  profilePath: string | undefined;
  startedAtMonotonicMs: number;
  /** Milliseconds since the run's start. */
  now: () => number;
  journeys: AnyJourney[];
  journeyFaults: Fault[];
  /** Observations of the main thread can no longer be written. */
  onLost: (error: Error) => void;
}

export interface PreparedRun {
  /** What runs now: of a resumed run only the phases that are left. */
  plan: Plan;
  startedAtMonotonicMs: number;
  /** From 1; above that the run was resumed. */
  segment: number;
}

/**
 * Refuses everything that can be refused before the first arrival, starts what the run needs, and hands the worker its part.
 * Throws coded errors; what was started by then is in `parts`.
 */
export async function prepareRun(how: Preparation, parts: RunParts): Promise<PreparedRun> {
  const { script, scriptPath, profilePath, journeys } = how;
  const settings = readSettings(process.cwd(), process.env);
  parts.outlets = outletsOf(settings, process.env);
  if (how.journeyFaults.length > 0) throw new CodedError('J_JOURNEY_FILE', how.journeyFaults);
  const startedAt = new Date(Date.now() - how.now());
  const asked = askedTarget(script, settings);
  if (asked !== 'embedded') redaction().know(new URL(asked).hostname);
  const { plan: built, phases, drillPlaces, guards: rules } = buildPlan({
    script, scriptPath, profilePath, settings, embedded: asked === 'embedded',
    knownJourneys: journeys.map((journey) => journey.name),
    startedAtEpochMs: startedAt.getTime(),
    seed: settings.SEED ?? startedAt.getTime() % 1_000_000,
  });
  refuseMaskedNames(built);
  const where = profilePath ?? scriptPath;
  const draft = auditable(built, { embedded: asked === 'embedded', key: settings.AUDIT_PROVIDER_KEY, where });
  // Before anything of a run is touched: one that is still under way is not there to go on with.
  const locks = settings.ALLOW_PARALLEL_RUNS === '0';
  if (locks && settings.RESUME !== undefined) parts.lock = RunLock.take(basename(settings.RESUME));
  const resumed = settings.RESUME === undefined ? null : resumption(settings.RESUME, draft.sourceHash);
  const segment = resumed?.segment ?? 1;
  const runId = resumed?.plan.runId ?? makeRunId(settings.RUN_ID, startedAt, draft.profile, asked !== 'embedded');
  const left = resumed ? remainingPhases(resumed.plan.phases, phases, resumed.phase) : { phases: draft.phases, raw: phases };
  const guards = new RunGuards({ settings, target: asked, rules, where });
  const overBudget = guards.checkPlan({ ...draft, phases: left.phases }, Date.now());
  const force = settings.FORCE === '1';
  if (overBudget.forced !== undefined) say(`budget   the plan ${overBudget.forced}: forced, and shaped to it`);
  const browser = await resolveBrowser(settings);
  const priority = await crowdPriority();
  const overCapacity = refuseOverCapacity(draft, fingerprint(browser.version, priority), { root: ROOT, where, force });
  const forced = bothForced(overCapacity, overBudget);
  if (locks) parts.lock ??= RunLock.take(runId);
  // What this thread asks before and after the load is test traffic, too.
  const auth = { ...taggedRequest({ runId, kind: 'load' }, 'run'), ...basicAuth(settings) };
  if (asked !== 'embedded') await guards.askTarget(auth);
  await undoLeftovers(settings.REPORTS_DIR, settings.DRILL_HOSTS ?? []);
  tellOwedTeardowns(settings.REPORTS_DIR);
  const runDir = settings.RESUME ?? makeRunFolder(settings.REPORTS_DIR, runId);
  parts.runDir = runDir;

  const embedded = asked === 'embedded';
  // Already now, so that whatever ends this process leaves a folder that can be judged, as incomplete.
  // A resumed one is judged by the plan that it began with.
  const planFile = join(runDir, resumed ? `plan.segment-${segment}.json` : 'plan.json');
  if (!resumed) writeRunFile(planFile, { ...draft, ...forced, ...guards.marks, runId, target: { url: asked, embedded } } satisfies Plan);
  if (embedded) parts.platform = await startBundled(runDir, settings);
  const url = parts.platform?.url ?? parseTarget(asked);
  await checkTarget(url, {
    healthPath: settings.HEALTH_PATH ?? (embedded ? '/healthz' : undefined), headers: auth, ...(embedded ? {} : { follows: guards.follows }),
  });
  if (embedded) await guards.checkBundled(url, auth);

  const plan: Plan = {
    ...draft, ...forced, ...guards.marks, ...resolveMetrics(draft, parts.platform?.metricsUrl ?? `${url}/metrics`), ...placedAudit(draft, parts.platform),
    ...placedTeardown(draft, url), browserHosts: browserHosts(url, settings.BROWSER_HOSTS),
    runId, target: { url, embedded }, phases: left.phases, startedAtEpochMs: resumed?.plan.startedAtEpochMs ?? draft.startedAtEpochMs,
    // What users and requests are made of must not come twice.
    seed: draft.seed + segment - 1,
  };
  writeRunFile(planFile, plan);
  tellPrivatePlan(plan);
  // A resumed run is judged by the plan that it began with: what was overridden since must stand there too.
  if (resumed && plan.overrides) {
    writeRunFile(join(runDir, 'plan.json'), { ...resumed.plan, overrides: allOverrides(resumed.plan.overrides, plan.overrides) } satisfies Plan);
  }
  if (plan.audit) parts.auditKeys = auditKeys(plan, settings, auth, parts.platform);
  if (parts.auditKeys && !embedded) await checkBooks(plan, parts.auditKeys);
  parts.teardown = await openTeardown({ plan, runDir, settings, auth, platform: parts.platform, resumed: resumed !== null });
  if (!resumed) writeRunFile(join(runDir, 'environment.json'), describeEnvironment(ROOT, browser, priority));
  parts.recorder = new Recorder(join(runDir, 'observations.main.ndjson'), how.onLost);
  parts.drills = await openDrills({ plan, platform: parts.platform, runDir, places: drillPlaces, recorder: parts.recorder, now: how.now });
  // Without browser users there is nobody to watch over.
  const canary = expectedUsers(plan) === 0 ? null : await startCanary(runDir, browser, priority, parts);
  if (plan.api) {
    // Not through the environment, which is bounded, and not through a file, which would outlive the run.
    const accounts = await openSessions(plan.api, { targetUrl: url, runId, seed: plan.seed, headers: auth });
    setEnvironmentData(API_SESSIONS, accounts);
  }
  // The run's clock stood still while nothing ran.
  const startedAtMonotonicMs = resumed ? monotonicMs() - resumed.elapsedMs : how.startedAtMonotonicMs;
  const input: WorkerInput = {
    runDir, planFile, segment, browser, phases: left.raw, canary, startedAtMonotonicMs, tagHeaders: sendsTagHeaders(plan, settings.BROWSER_TAGS),
    ...(settings.TARGET_HTTP_USER && settings.TARGET_HTTP_PASSWORD
      ? { httpCredentials: { username: settings.TARGET_HTTP_USER, password: settings.TARGET_HTTP_PASSWORD } } : {}),
  };
  // The worker takes over this process's environment when it is made, after the preflight.
  process.env[WORKER_INPUT] = JSON.stringify(input);
  collectGarbage();
  announce(plan, browser, priority, input.tagHeaders);
  return { plan, startedAtMonotonicMs, segment };
}

function resumption(folder: string, sourceHash: string): Resumption {
  const resumed = readResumption(folder);
  if (resumed.plan.replay) {
    throw new CodedError('J_RESUME', [{ where: folder, message: 'a run that plays traffic cannot go on: pages that were asked for would count as new' }]);
  }
  if (resumed.plan.drills) throw new CodedError('J_RESUME', [{ where: folder, message: 'a run with drills cannot go on: each needs its whole phase' }]);
  if (resumed.plan.sourceHash === sourceHash) return resumed;
  throw new CodedError('J_RESUME', [{ where: folder, message: 'script, profile, slo.yml or scenarios changed since it began' }]);
}

function announce(plan: Plan, browser: ResolvedBrowser, priority: string, tagHeaders: boolean): void {
  const { profile, phases, api } = plan;
  const seconds = Math.round(phases.reduce((sum, phase) => sum + phase.durationS, 0));
  say(`target   ${plan.target.url}${plan.target.embedded ? ' (the bundled platform)' : ''}`);
  const users = expectedUsers(plan);
  const journeys = isReplayAlone(plan) ? 1 : plan.journeys.filter(({ weight }) => weight > 0).length;
  if (users > 0) say(`browser  ${browser.source}, Chromium ${browser.version} · crowd priority: ${priority}`);
  if (users > 0) for (const line of hostLines(plan, tagHeaders)) say(`hosts    ${line}`);
  if (api) {
    const rate = api.scenarios.reduce((sum, one) => sum + one.ratePerSecond, 0);
    const most = Math.max(0, ...api.loads.map(({ share, to }) => Math.max(share, to ?? 0)));
    say(`API      ${api.scenarios.length} scenarios, ${shown(rate)}/s at full rate, at most ${shown(rate * most)}/s here, ${api.arrivals} arrivals`);
  }
  if (plan.parity) say(`guards   environment: ${parityParts({ plan }).join(', ')}`);
  for (const line of replayLines(plan)) say(`replay   ${line}`);
  for (const line of budgetLines(plan)) say(`budget   ${line}`);
  if (plan.audit === undefined) say('audit    none: where the books of payments are is not known (documentation/integrity.md)');
  const who = users === 0 ? `no browser users, ${seconds} s`
    : `about ${users} users in ${seconds} s, ${journeys} ${journeys === 1 ? 'journey' : 'journeys'}, ${Math.round(plan.settings.observerShare * 100)} % observers`;
  say(`plan     ${profile}: ${who}, ${plan.gates.length} gates, seed ${plan.seed}\n`);
}

function bothForced(...marks: Pick<Plan, 'forced'>[]): Pick<Plan, 'forced'> {
  const texts = marks.flatMap(({ forced }) => (forced === undefined ? [] : [forced]));
  return texts.length === 0 ? {} : { forced: texts.join('; ') };
}

function shown(rate: number): string {
  return String(Math.round(rate * 10) / 10);
}

/** `target` stands for the target's own metrics page. */
function resolveMetrics(draft: Pick<Plan, 'metrics'>, own: string): Pick<Plan, 'metrics'> {
  const { metrics } = draft;
  return metrics ? { metrics: { ...metrics, urls: metrics.urls.map((url) => (url === 'target' ? own : url)) } } : {};
}

/** Without its canary a run can still be judged; its verdict says that nobody watched the observers. */
async function startCanary(
  runDir: string, browser: ResolvedBrowser, crowdPriority: string, parts: RunParts,
): Promise<WorkerInput['canary']> {
  try {
    parts.canary = await startCanaryServer();
    const { url } = parts.canary;
    const { idleMs, source } = await canaryIdle({ root: ROOT, browser, crowdPriority, url, browsersFolder: join(runDir, 'browsers') });
    const idle = idleMs.observer === null ? '' : `idle ${idleMs.observer.toFixed(1)} ms, `;
    say(`canary   ${idle}${source}`);
    return { url, idleMs };
  } catch (error) {
    say(`canary   not run: ${asCodedError(error).faults[0]?.message ?? 'it did not start'}`);
    return null;
  }
}

function askedTarget(script: object, settings: HarnessSettings): string {
  const fromScript = (script as { config?: { target?: unknown } }).config?.target;
  const flag = artillery().testInfo?.flags?.target;
  const asked = flag ?? settings.TARGET_URL ?? (typeof fromScript === 'string' ? fromScript : '');
  return asked === 'embedded' ? asked : parseTarget(asked);
}

async function startBundled(runDir: string, settings: HarnessSettings): Promise<RunningPlatform> {
  const platform = await startPlatform({
    command: [process.execPath, join(ROOT, 'platform/main.ts')],
    logFile: join(runDir, 'platform.log'),
    port: settings.PLATFORM_PORT,
  });
  void platform.died.then((how) => say(`the bundled platform ${how}; what its users meet from now on counts against it`));
  return platform;
}

function basicAuth(settings: HarnessSettings): Record<string, string> {
  if (!settings.TARGET_HTTP_USER || !settings.TARGET_HTTP_PASSWORD) return {};
  const pair = Buffer.from(`${settings.TARGET_HTTP_USER}:${settings.TARGET_HTTP_PASSWORD}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}
