import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EventEmitter } from 'node:events';
import { Recorder } from '../src/collect/recorder.ts';
import { judgeRun } from '../src/cli/judge-run.ts';
import { wantsColor } from '../src/cli/color.ts';
import { resolveBrowser, type ResolvedBrowser } from '../src/drive/browser.ts';
import { startCanaryServer, type CanaryServer } from '../src/drive/canary.ts';
import { removeCrowdCgroup } from '../src/drive/crowd-cgroup.ts';
import { canaryIdle } from '../src/drive/canary-idle.ts';
import { fingerprint } from '../src/drive/calibration.ts';
import { describeEnvironment } from '../src/drive/environment.ts';
import { endLeftovers } from '../src/drive/launcher.ts';
import { startPlatform, type RunningPlatform } from '../src/drive/platform.ts';
import { clockSince, monotonicMs } from '../src/drive/run-clock.ts';
import { RunLock, makeRunFolder, makeRunId, writeRunFile } from '../src/drive/run-folder.ts';
import { checkTarget, parseTarget } from '../src/drive/target.ts';
import { CodedError, asCodedError, formatError, type Fault } from '../src/errors.ts';
import type { AnyJourney } from '../src/journey.ts';
import { OBSERVATION_VERSION, type Plan, type RunObservation } from '../src/model/index.ts';
import { buildPlan } from '../src/plan/build.ts';
import { expectedArrivals } from '../src/plan/script.ts';
import { readSettings, type HarnessSettings } from '../src/plan/settings.ts';
import { artillery, muteStockTables, say, type ExitEvent } from './artillery-global.ts';
import { crowdPriority, refuseOverCapacity } from './capacity.ts';
import { Channel, type Message } from './channel.ts';
import { WORKER_INPUT, type WorkerInput } from './worker-input.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The worker closes its users within 10 s and its browsers within 5 s. */
const DRAIN_LIMIT_MS = 20_000;

/** One run as Artillery's main thread sees it: preflight, platform, the end, the verdict. */
export class MainRun {
  static current: MainRun | null = null;

  readonly #script: object;
  readonly #scriptPath: string;
  readonly #profilePath: string | undefined;
  readonly #channel: Channel;
  readonly #startedAtMonotonicMs = monotonicMs();
  readonly #now = clockSince(this.#startedAtMonotonicMs);
  #plan: Plan | null = null;
  #runDir: string | null = null;
  #platform: RunningPlatform | null = null;
  #canary: CanaryServer | null = null;
  #lock: RunLock | null = null;
  #recorder: Recorder | null = null;
  #workerReady = false;
  #drained: (() => void) | null = null;
  #counters: Record<string, number> = {};
  #fatal: CodedError | null = null;
  #interrupts = 0;
  #ended = false;

  constructor(script: object, events: EventEmitter, options: { absoluteScriptPath?: string; absoluteConfigPath?: string }) {
    this.#script = script;
    this.#scriptPath = relative(process.cwd(), options.absoluteScriptPath ?? 'journeys.yml') || 'journeys.yml';
    this.#profilePath = options.absoluteConfigPath === undefined ? undefined : relative(process.cwd(), options.absoluteConfigPath);
    this.#channel = new Channel((message) => this.#onMessage(message));
    // A load test of a private site has nothing to tell to anyone else.
    process.env.ARTILLERY_DISABLE_TELEMETRY = 'true';
    muteStockTables();
    events.on('phaseStarted', (phase: { index: number }) => this.#enterPhase(phase.index));
    events.on('done', (report: { counters?: Record<string, number> }) => (this.#counters = report.counters ?? {}));
    artillery().ext({ ext: 'beforeExit', method: (event) => this.#finish(event) });
    process.on('SIGINT', () => this.#onInterrupt());
    process.on('exit', () => this.#onExit());
    const flow = (script as { before?: { flow?: { function?: string }[] } }).before?.flow;
    if (!flow?.some((step) => step.function === 'preflight')) this.#refuse(new CodedError('J_PREFLIGHT_MISSING'));
  }

  /** Refuses everything that can be refused before the first arrival, and starts what the run needs. Ends the process on a fault. */
  async preflight(journeys: AnyJourney[], journeyFaults: Fault[]): Promise<void> {
    try {
      await this.#prepare(journeys, journeyFaults);
    } catch (error) {
      await this.#stopParts();
      this.#refuse(asCodedError(error));
    }
  }

  async #prepare(journeys: AnyJourney[], journeyFaults: Fault[]): Promise<void> {
    const settings = readSettings(process.cwd(), process.env);
    if (journeyFaults.length > 0) throw new CodedError('J_JOURNEY_FILE', journeyFaults);
    const startedAt = new Date(Date.now() - this.#now());
    const { plan: draft, phases } = buildPlan({
      script: this.#script,
      scriptPath: this.#scriptPath,
      profilePath: this.#profilePath,
      knownJourneys: journeys.map((journey) => journey.name),
      startedAtEpochMs: startedAt.getTime(),
      seed: settings.SEED ?? startedAt.getTime() % 1_000_000,
    });
    const runId = makeRunId(settings.RUN_ID, startedAt, draft.profile);
    const asked = this.#askedTarget(settings);
    const browser = await resolveBrowser(settings);
    const priority = await crowdPriority();
    const forced = refuseOverCapacity(draft, fingerprint(browser.version, priority), { root: ROOT, where: this.#profilePath ?? this.#scriptPath, force: settings.FORCE === '1' });
    if (settings.ALLOW_PARALLEL_RUNS === '0') this.#lock = RunLock.take(runId);
    const runDir = makeRunFolder(settings.REPORTS_DIR, runId);
    this.#runDir = runDir;

    const embedded = asked === 'embedded';
    // Already now, so that whatever ends this process leaves a folder that can be judged, as incomplete.
    const planFile = join(runDir, 'plan.json');
    writeRunFile(planFile, { ...draft, ...forced, runId, target: { url: asked, embedded } } satisfies Plan);
    if (embedded) this.#platform = await this.#startPlatform(runDir, settings);
    const url = this.#platform?.url ?? parseTarget(asked);
    await checkTarget(url, { healthPath: settings.HEALTH_PATH ?? (embedded ? '/healthz' : undefined), headers: basicAuth(settings) });

    const plan: Plan = { ...draft, ...forced, runId, target: { url, embedded } };
    writeRunFile(planFile, plan);
    writeRunFile(join(runDir, 'environment.json'), describeEnvironment(ROOT, browser, priority));
    this.#recorder = new Recorder(join(runDir, 'observations.main.ndjson'), (error) => this.#end(new CodedError('J_OBSERVATIONS_LOST', [{ where: runDir, message: error.message }])));
    const canary = await this.#startCanary(runDir, browser, priority);
    this.#plan = plan;
    this.#record({ event: 'started' });

    const input: WorkerInput = {
      runDir, browser, phases, canary, startedAtMonotonicMs: this.#startedAtMonotonicMs,
      ...(settings.TARGET_HTTP_USER && settings.TARGET_HTTP_PASSWORD
        ? { httpCredentials: { username: settings.TARGET_HTTP_USER, password: settings.TARGET_HTTP_PASSWORD } } : {}),
    };
    // The worker takes over this process's environment when it is made, after the preflight.
    process.env[WORKER_INPUT] = JSON.stringify(input);
    const seconds = plan.phases.reduce((sum, phase) => sum + phase.durationS, 0);
    say(`target   ${url}${embedded ? ' (the bundled platform)' : ''}`);
    say(`browser  ${browser.source}, Chromium ${browser.version} · crowd priority: ${priority}`);
    say(`plan     ${plan.profile}: about ${expectedArrivals(plan.phases)} users in ${Math.round(seconds)} s, ${plan.journeys.length} journeys, ${Math.round(plan.settings.observerShare * 100)} % observers, ${plan.gates.length} gates, seed ${plan.seed}\n`);
  }

  /** Without its canary a run can still be judged; its verdict says that nobody watched the observers. */
  async #startCanary(runDir: string, browser: ResolvedBrowser, crowdPriority: string): Promise<WorkerInput['canary']> {
    try {
      this.#canary = await startCanaryServer();
      const { url } = this.#canary;
      const { idleMs, source } = await canaryIdle({ root: ROOT, browser, crowdPriority, url, browsersFolder: join(runDir, 'browsers') });
      const shown = idleMs.observer === null ? '' : `idle ${idleMs.observer.toFixed(1)} ms, `;
      say(`canary   ${shown}${source}`);
      return { url, idleMs };
    } catch (error) {
      say(`canary   not run: ${asCodedError(error).faults[0]?.message ?? 'it did not start'}`);
      return null;
    }
  }

  async #stopParts(): Promise<void> {
    await Promise.all([this.#platform?.stop(), this.#canary?.stop()]);
    removeCrowdCgroup();
  }

  #askedTarget(settings: HarnessSettings): string {
    const fromScript = (this.#script as { config?: { target?: unknown } }).config?.target;
    const flag = artillery().testInfo?.flags?.target;
    const asked = flag ?? settings.TARGET_URL ?? (typeof fromScript === 'string' ? fromScript : '');
    return asked === 'embedded' ? asked : parseTarget(asked);
  }

  async #startPlatform(runDir: string, settings: HarnessSettings): Promise<RunningPlatform> {
    const platform = await startPlatform({
      command: [process.execPath, join(ROOT, 'platform/main.ts')],
      logFile: join(runDir, 'platform.log'),
      port: settings.PLATFORM_PORT,
    });
    void platform.died.then((how) => say(`the bundled platform ${how}; what its users meet from now on counts against it`));
    return platform;
  }

  #enterPhase(index: number): void {
    const name = this.#plan?.phases[index]?.name ?? null;
    this.#channel.send({ type: 'phase', name, startedMs: this.#now() });
    this.#record({ event: 'phase', detail: name ?? `phase ${index + 1}` });
  }

  #onMessage(message: Message): void {
    if (message.type === 'ready') this.#workerReady = true;
    if (message.type === 'drained') this.#drained?.();
    if (message.type === 'fatal') this.#end(new CodedError(message.code, message.faults));
  }

  /** Ends a run that is under way because of a fault of the harness. */
  #end(error: CodedError): void {
    if (this.#fatal) return;
    this.#fatal = error;
    void artillery().shutdown({ earlyStop: true, exitCode: error.exitCode });
  }

  /** Artillery awaits this before it ends, however it came to its end; it swallows what is thrown here. */
  async #finish(event: ExitEvent): Promise<void> {
    try {
      artillery().suggestedExitCode = await this.#conclude(event);
    } catch (error) {
      const coded = asCodedError(error);
      printError(coded);
      artillery().suggestedExitCode = coded.exitCode;
    } finally {
      await this.#stopParts();
      this.#lock?.release();
      this.#channel.close();
      this.#ended = true;
    }
  }

  async #conclude(event: ExitEvent): Promise<number> {
    const interrupted = event.earlyStop === true;
    if (!this.#plan || !this.#runDir) return interrupted ? 130 : (event.exitCode ?? 0);
    if (interrupted && !this.#fatal) {
      // At once: from here on no user is due any more.
      this.#record({ event: 'interrupted' });
      say('ending: closing the users under way, then the verdict on what was seen');
    }
    const drained = await this.#drainWorker(interrupted);
    const lost = drained ? null : new CodedError('J_HARNESS_FAULT', [{ where: 'worker', message: `did not end within ${DRAIN_LIMIT_MS} ms` }]);
    const fault = this.#fatal ?? lost;
    if (fault) this.#record({ event: 'fault', detail: fault.message });
    else this.#record({ event: interrupted ? 'interrupted' : 'completed', counters: this.#counters });
    this.#recorder?.close();
    await this.#platform?.stop();
    const judged = await judgeRun(this.#runDir, {
      color: wantsColor(process.env, process.stdout.isTTY),
      width: process.stdout.columns ?? 120,
      stepSummaryPath: process.env.GITHUB_STEP_SUMMARY || null,
    });
    say(`\n${judged.block}\n`);
    for (const { reporter, message } of judged.reporterFaults) process.stderr.write(`report "${reporter}" failed: ${message}\n`);
    if (fault) printError(fault);
    return fault?.exitCode ?? judged.exitCode;
  }

  /** Returns whether the worker said that everything it had is on disk. */
  async #drainWorker(interrupted: boolean): Promise<boolean> {
    if (!this.#workerReady) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), DRAIN_LIMIT_MS);
      this.#drained = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#channel.send({ type: 'drain', interrupted });
    });
  }

  #record(what: Pick<RunObservation, 'event' | 'detail' | 'counters'>): void {
    if (!this.#plan) return;
    this.#recorder?.record({
      v: OBSERVATION_VERSION, kind: 'run', runId: this.#plan.runId, tMs: this.#now(),
      phase: null, vu: null, journey: null, ...what,
    });
  }

  /** The first Ctrl-C is Artillery's, which comes to #finish; a second one means "now". */
  #onInterrupt(): void {
    this.#interrupts += 1;
    if (this.#interrupts > 1) process.exit(130);
  }

  /** The last moment, also after process.exit and a crash: nothing we started may stay. */
  #onExit(): void {
    if (this.#ended) return;
    this.#recorder?.flush();
    this.#platform?.killNow();
    this.#canary?.killNow();
    if (this.#runDir) endLeftovers(join(this.#runDir, 'browsers'));
    this.#lock?.release();
    if (!this.#plan || !this.#runDir) return;
    if (process.exitCode === 11) process.exitCode = 4;
    process.stderr.write(`\nended without a verdict; what was seen can be judged: npm run judge -- ${this.#runDir}\n`);
  }

  #refuse(error: CodedError): never {
    printError(error);
    process.exit(error.exitCode);
  }
}

function printError(error: CodedError): void {
  // Artillery's spinner may stand in the line.
  const clear = process.stderr.isTTY ? '\r\u001b[K' : '';
  process.stderr.write(`${clear}${formatError(error)}\n`);
}

function basicAuth(settings: HarnessSettings): Record<string, string> {
  if (!settings.TARGET_HTTP_USER || !settings.TARGET_HTTP_PASSWORD) return {};
  const pair = Buffer.from(`${settings.TARGET_HTTP_USER}:${settings.TARGET_HTTP_PASSWORD}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}
