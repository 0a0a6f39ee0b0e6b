import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { dirname, relative } from 'node:path';
import { wantsColor } from '../src/cli/color.ts';
import { judgeRun } from '../src/cli/judge-run.ts';
import { withoutCommands } from '../src/cli/outlets.ts';
import { sourceUrl } from '../src/cli/source-url.ts';
import { redaction } from '../src/collect/redaction.ts';
import { growFreely, growFreelyAtOnce } from '../src/drive/garbage.ts';
import { clockSince, monotonicMs } from '../src/drive/run-clock.ts';
import { CodedError, asCodedError, formatError, type Fault } from '../src/errors.ts';
import { keepHistory } from '../src/history/keep.ts';
import type { AnyJourney } from '../src/journey.ts';
import { OBSERVATION_VERSION, type Plan, type RunObservation } from '../src/model/index.ts';
import { preflightFault } from '../src/plan/hooks.ts';
import { harmless } from '../src/report/text.ts';
import { auditPayments } from './audit.ts';
import { artillery, muteStockTables, say, type ExitEvent } from './artillery-global.ts';
import { Channel, type Message } from './channel.ts';
import { prepareRun } from './prepare.ts';
import { checkPrivacy } from './privacy.ts';
import { RunParts } from './run-parts.ts';
import { WORKER_INPUT } from './worker-input.ts';

/** The worker closes its users within 10 s and its browsers within 5 s; answers of the API may take longer. */
const DRAIN_LIMIT_MS = 20_000;

/** One run as Artillery's main thread sees it: preflight, platform, the end, the verdict. */
export class MainRun {
  static current: MainRun | null = null;

  readonly #script: object;
  readonly #scriptPath: string;
  readonly #profilePath: string | undefined;
  readonly #channel: Channel;
  readonly #startedAtMonotonicMs = monotonicMs();
  #now = clockSince(this.#startedAtMonotonicMs);
  #plan: Plan | null = null;
  readonly #parts = new RunParts();
  #workerReady = false;
  #drained: (() => void) | null = null;
  #counters: Record<string, number> = {};
  #fatal: CodedError | null = null;
  /** Why the run ended before its phases did, as planned. */
  #stopped: string | null = null;
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
    // Of a run that this one was started in.
    delete process.env[WORKER_INPUT];
    const fault = preflightFault(script);
    if (fault !== null) this.#refuse(new CodedError('J_PREFLIGHT_MISSING', fault === 'missing' ? [] : [fault]));
  }

  /** Refuses everything that can be refused before the first arrival, and starts what the run needs. Ends the process on a fault. */
  async preflight(journeys: AnyJourney[], journeyFaults: Fault[]): Promise<void> {
    try {
      const { plan, startedAtMonotonicMs, segment } = await prepareRun({
        script: this.#script, scriptPath: this.#scriptPath, profilePath: this.#profilePath,
        startedAtMonotonicMs: this.#startedAtMonotonicMs, now: this.#now, journeys, journeyFaults,
        onLost: (error) => this.#end(new CodedError('J_OBSERVATIONS_LOST', [{ where: this.#parts.runDir ?? '', message: error.message }])),
      }, this.#parts);
      this.#plan = plan;
      this.#now = clockSince(startedAtMonotonicMs);
      this.#record(segment === 1 ? { event: 'started' } : { event: 'resumed', detail: `part ${segment}` });
    } catch (error) {
      // Accounts of the API lane may be there already.
      const owed = await this.#parts.teardown?.remove({ now: this.#now, hurried: true });
      if (owed) printError(owed);
      await this.#parts.stop();
      this.#refuse(asCodedError(error));
    }
  }

  #enterPhase(index: number): void {
    const name = this.#plan?.phases[index]?.name ?? null;
    this.#channel.send({ type: 'phase', name, startedMs: this.#now() });
    this.#record({ event: 'phase', detail: name ?? `phase ${index + 1}` });
    this.#parts.drills?.phaseStarted(name);
  }

  #onMessage(message: Message): void {
    if (message.type === 'ready') this.#workerReady = true;
    if (message.type === 'drained') this.#drained?.();
    if (message.type === 'fatal') this.#end(new CodedError(message.code, message.faults));
    if (message.type === 'enough') this.#stop(message.reason);
  }

  /** Ends a run that is under way because of a fault of the harness. */
  #end(error: CodedError): void {
    if (this.#fatal) return;
    this.#fatal = error;
    void artillery().shutdown({ earlyStop: true, exitCode: error.exitCode });
  }

  /** Ends a run that has found out what it was for. */
  #stop(reason: string): void {
    if (this.#stopped !== null || this.#fatal) return;
    this.#stopped = reason;
    say(`ending: ${reason}`);
    void artillery().shutdown({ earlyStop: true, exitCode: 0 });
  }

  /** Artillery awaits this before it ends, however it came to its end; it swallows what is thrown here. */
  async #finish(event: ExitEvent): Promise<void> {
    // First, so that it holds whatever is thrown below.
    growFreely();
    try {
      artillery().suggestedExitCode = await this.#conclude(event);
    } catch (error) {
      const coded = asCodedError(error);
      printError(coded);
      artillery().suggestedExitCode = coded.exitCode;
    } finally {
      await this.#parts.stop();
      this.#parts.lock?.release();
      this.#channel.close();
      this.#ended = true;
    }
  }

  async #conclude(event: ExitEvent): Promise<number> {
    const interrupted = event.earlyStop === true && this.#stopped === null;
    const { runDir } = this.#parts;
    if (!this.#plan || !runDir) {
      // The preflight may still be making accounts: what is removed beneath it would not be all.
      const owed = this.#parts.teardown?.owed ?? null;
      if (owed !== null) say(owed);
      return interrupted ? 130 : (event.exitCode ?? 0);
    }
    // At once: from here on no user is due any more.
    if (this.#stopped !== null) this.#record({ event: 'stopped', detail: this.#stopped });
    if (interrupted && !this.#fatal) {
      this.#record({ event: 'interrupted' });
      say('ending: closing the users under way, then the verdict on what was seen');
    }
    // At once as well: what a drill broke is whole again whatever ended the run.
    const broken = (await this.#parts.drills?.end()) ?? [];
    const limitMs = DRAIN_LIMIT_MS + (this.#plan.api?.timeoutMs ?? 0);
    const drained = await this.#drainWorker(interrupted, limitMs);
    const lost = drained ? null : new CodedError('J_HARNESS_FAULT', [{ where: 'worker', message: `did not end within ${limitMs} ms` }]);
    const stuck = broken.length === 0 ? null : new CodedError('J_DRILL_ROLLBACK', broken.map(({ what, why }) => ({ where: what, message: why ?? '' })));
    // What is still broken matters more than why the run ended.
    const fault = stuck ?? this.#fatal ?? lost;
    if (fault) this.#record({ event: 'fault', detail: fault.message });
    else this.#record({ event: interrupted ? 'interrupted' : 'completed', counters: this.#counters });
    this.#parts.recorder?.close();
    await auditPayments({ plan: this.#plan, keys: this.#parts.auditKeys, runDir, now: this.#now, hurried: interrupted || fault !== null });
    // After the audit, which reads what goes now.
    const owed = (await this.#parts.teardown?.remove({ now: this.#now, hurried: interrupted || fault !== null })) ?? null;
    await this.#parts.platform?.stop();
    const judged = await judgeRun(runDir, {
      color: wantsColor(process.env, process.stdout.isTTY),
      width: process.stdout.columns ?? 120,
      stepSummaryPath: process.env.GITHUB_STEP_SUMMARY || null,
      sourceUrl: sourceUrl(process.env),
      ...(this.#parts.outlets ? { outlets: this.#parts.outlets } : {}),
    });
    say(withoutCommands(`\n${judged.block}\n`, process.env, randomUUID()));
    for (const { reporter, message } of judged.reporterFaults) process.stderr.write(`report "${reporter}" failed: ${harmless(message)}\n`);
    const publishing = await checkPrivacy(runDir);
    const behind = keepHistory(dirname(runDir));
    if (behind !== null) process.stderr.write(`${behind}\n`);
    if (fault) printError(fault);
    if (owed) printError(owed);
    return (fault ?? owed)?.exitCode ?? (judged.exitCode === 0 ? publishing : judged.exitCode);
  }

  /** Returns whether the worker said that everything it had is on disk. */
  async #drainWorker(interrupted: boolean, limitMs: number): Promise<boolean> {
    if (!this.#workerReady) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), limitMs);
      this.#drained = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#channel.send({ type: 'drain', interrupted });
    });
  }

  #record(what: Pick<RunObservation, 'event' | 'detail' | 'counters'>): void {
    if (!this.#plan) return;
    this.#parts.recorder?.record({
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
    this.#parts.dropNow();
    growFreelyAtOnce();
    const owed = this.#parts.teardown?.owed ?? null;
    if (owed !== null) process.stderr.write(`\n${owed}\n`);
    if (!this.#plan || !this.#parts.runDir) return;
    if (process.exitCode === 11) process.exitCode = 4;
    process.stderr.write(`\nended without a verdict; what was seen can be judged: npm run judge -- ${this.#parts.runDir}\n`);
  }

  #refuse(error: CodedError): never {
    printError(error);
    process.exit(error.exitCode);
  }
}

function printError(error: CodedError): void {
  // Artillery's spinner may stand in the line.
  const clear = process.stderr.isTTY ? '\r\u001b[K' : '';
  process.stderr.write(`${clear}${redaction().text(formatError(error))}\n`);
}
