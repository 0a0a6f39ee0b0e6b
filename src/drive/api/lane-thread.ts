/** A thread of the API lane: its arrivals, its connections, its windows, its file. */
import { parentPort, workerData } from 'node:worker_threads';
import { Recorder } from '../../collect/recorder.ts';
import { Budgets } from '../budget.ts';
import { monotonicMs } from '../run-clock.ts';
import { Bins } from './bins.ts';
import { Flows } from './flows.ts';
import { LaneShaper } from './lane-budget.ts';
import { Metronome } from './metronome.ts';
import { Pacer } from './pacer.ts';
import type { LaneOrder, LaneSaid, LaneSetup } from './protocol.ts';
import { Sender } from './sender.ts';
import { warmUp } from './warm-up.ts';
import { Windows } from './windows.ts';

/** How often finished windows are looked for, and the main thread is told how it goes. */
const LOOK_EVERY_MS = 500;
/** Waking costs some 20 µs: above 2,000 arrivals a second, two or more share it. */
const LEAST_SLEEP_MS = 0.5;
const DRAIN_LOOK_MS = 10;
const CLOSE_LIMIT_MS = 1_000;

const setup = workerData as LaneSetup;
const { plan, startedAtMonotonicMs, runId, seed, thread } = setup;
const say = (said: LaneSaid): void => parentPort?.postMessage(said);

/** performance.now() is the same clock as the monotonic one, from another start, and far cheaper. */
const startMs = startedAtMonotonicMs - (monotonicMs() - performance.now());
const nowMs = (): number => Math.max(0, performance.now() - startMs);

const recorder = new Recorder(setup.file, (error) => say({ lost: error.message }));
const windows = new Windows({
  runId, windowMs: plan.windowMs, timeoutMs: plan.timeoutMs,
  record: (observation) => {
    recorder.record(observation);
    if (setup.tellWindows) say({ window: observation });
  },
});
const target = new URL(setup.targetUrl);
const sender = new Sender({ origin: target.origin, connections: plan.connections, timeoutMs: plan.timeoutMs, nowMs });
const sum = { sent: 0, ok: 0, failed: 0, late: 0 };
let latency = new Bins();
const flows = new Flows({
  plan, seed, runId, thread, headers: setup.headers, accounts: setup.sessions, sender, windows, nowMs,
  basePath: target.pathname.replace(/\/+$/, ''),
  onSend: (late) => {
    sum.sent += 1;
    if (late) sum.late += 1;
  },
  onEnd: ({ ok, latencyMs }) => {
    if (ok) {
      sum.ok += 1;
      latency.addMs(latencyMs);
    } else sum.failed += 1;
  },
});
const { budgets } = setup;
const shaper = budgets && budgets.list.length > 0 ? new LaneShaper(new Budgets(budgets.list, budgets.memory), flows) : null;
const pacer = new Pacer({
  ratesPerSecond: plan.scenarios.map(({ ratePerSecond }) => ratePerSecond),
  random: plan.arrivals === 'poisson', seed, thread, threads: plan.threads,
  arrive: (scenario, number, phase, dueMs) => {
    if (shaper) shaper.arrive(scenario, number, phase, dueMs, nowMs());
    else flows.arrive(scenario, number, phase, dueMs);
  },
});
// Its first wake-up is that of having started.
let started = (): void => {};
const metronomeStarted = new Promise<void>((resolve) => {
  started = resolve;
});
const metronome = new Metronome(() => {
  started();
  run(nowMs());
}, (error) => say({ lost: error.message }));

/** Sends what is due, and sees to being woken for the next. */
function run(atMs: number): void {
  pacer.run(atMs);
  shaper?.run(atMs);
  const nextMs = Math.min(pacer.nextMs ?? Infinity, shaper?.nextMs ?? Infinity);
  metronome.wakeAt(nextMs === Infinity ? null : Math.max(nextMs, atMs + LEAST_SLEEP_MS) + startedAtMonotonicMs);
}

function tally(): void {
  say({ tally: { ...sum, inFlight: sender.inHand, latency: latency.toJSON() } });
  latency = new Bins();
}

const timer = setInterval(() => {
  const atMs = nowMs();
  run(atMs);
  windows.flush(atMs);
  tally();
  if (setup.tellWindows) say({ passedMs: windows.passedMs(atMs) });
}, LOOK_EVERY_MS);

async function stop(interrupted: boolean): Promise<void> {
  pacer.end(nowMs());
  shaper?.end();
  const limitMs = nowMs() + (interrupted ? 0 : plan.timeoutMs);
  while (flows.open > 0 && nowMs() < limitMs) await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
  clearInterval(timer);
  flows.end();
  windows.close(nowMs());
  recorder.close();
  tally();
  const closed = Promise.all([sender.destroy(), metronome.stop()]);
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_LIMIT_MS))]);
  say({ stopped: true });
  parentPort?.close();
}

void Promise.all([metronomeStarted, warmUp(nowMs)]).then(() => say({ ready: true }));

parentPort?.on('message', (order: LaneOrder) => {
  if ('phase' in order) {
    pacer.begin(order.phase);
    run(nowMs());
  } else if ('rest' in order) {
    pacer.end(nowMs());
    run(nowMs());
  } else void stop(order.stop.interrupted);
});
