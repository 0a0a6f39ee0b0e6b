/** The crawlers' thread: recorded requests at their recorded times, whether or not those before were answered. */
import { parentPort, workerData } from 'node:worker_threads';
import { makingOf } from '../../collect/cache-status.ts';
import { Recorder } from '../../collect/recorder.ts';
import { OBSERVATION_VERSION, type ReplayObservation } from '../../model/index.ts';
import type { ReplayCrawl } from '../../plan/replay-schedule.ts';
import { TOO_MANY_IN_FLIGHT } from '../api/failures.ts';
import { Metronome } from '../api/metronome.ts';
import { Sender } from '../api/sender.ts';
import { warmUp } from '../api/warm-up.ts';
import { monotonicMs } from '../run-clock.ts';
import { agentTag, tagHeaders } from '../tags.ts';
import { AskedPages } from './asked.ts';
import { DueList } from './due.ts';
import type { CrawlOrder, CrawlSaid, CrawlSetup } from './protocol.ts';

/** More than any crawler opens; beyond it requests would only wait here. */
const CONNECTIONS = 64;
/** What is under way when the run ends gets this long: the worker has to end in time. */
const DRAIN_MS = 4_000;
const DRAIN_LOOK_MS = 20;
const CLOSE_LIMIT_MS = 1_000;
const WANTED = ['server-timing', 'cache-status', 'cf-cache-status', 'x-cache'];

const { pages, crawls, phases, runId, targetUrl, headers, timeoutMs, file, startedAtMonotonicMs, asked: memory } = workerData as CrawlSetup;
const say = (said: CrawlSaid): void => parentPort?.postMessage(said);

/** performance.now() is the same clock as the monotonic one, from another start, and far cheaper. */
const startMs = startedAtMonotonicMs - (monotonicMs() - performance.now());
const nowMs = (): number => Math.max(0, performance.now() - startMs);

const recorder = new Recorder(file, (error) => say({ lost: error.message }));
const sender = new Sender({ origin: new URL(targetUrl).origin, connections: CONNECTIONS, timeoutMs, nowMs });
const asked = new AskedPages(memory);
const list = new DueList(crawls);
const open = new Set<() => void>();
const TAG = { runId, kind: 'load' } as const;
const MARK = agentTag(TAG);
let sent = 0;

let started = (): void => {};
const metronomeStarted = new Promise<void>((resolve) => {
  started = resolve;
});
const metronome = new Metronome(() => {
  started();
  run();
}, (error) => say({ lost: error.message }));

function run(): void {
  list.run(nowMs(), send);
  const { nextMs } = list;
  metronome.wakeAt(nextMs === null ? null : nextMs + startedAtMonotonicMs);
}

function send({ page: index, phase, agent, method }: ReplayCrawl, dueMs: number): void {
  const page = pages[index];
  if (!page) return;
  const about = {
    v: OBSERVATION_VERSION, kind: 'replay', runId, phase: phases[phase] ?? null, vu: null, journey: null,
    route: page.route, by: 'crawler', group: page.group, revisit: false, dueMs,
  } as const;
  const record = (rest: Pick<ReplayObservation, 'first' | 'lateMs' | 'status' | 'durationMs' | 'generationMs' | 'cache' | 'failure'>): void =>
    recorder.record({ ...about, tMs: nowMs(), ...rest });
  const lateMs = Math.max(0, nowMs() - dueMs);
  const nothing = { lateMs, status: null, durationMs: null, generationMs: null, cache: null } as const;
  if (sender.full) {
    record({ ...nothing, first: false, failure: TOO_MANY_IN_FLIGHT });
    return;
  }
  const first = asked.ask(index);
  const unfinished = (): void => record({ ...nothing, first, failure: 'unfinished' });
  open.add(unfinished);
  sender.send({
    method, path: encodeURI(page.path.toWellFormed()).replaceAll('%25', '%'), body: null, keepBody: false, keepHeaders: WANTED,
    headers: {
      ...headers, ...tagHeaders(TAG, `crawl-${(sent += 1)}`), 'user-agent': agentOf(agent), 'accept': 'text/html', 'accept-encoding': 'gzip',
    },
  }, (answer) => {
    if (!open.delete(unfinished)) return;
    const { status, failure, endedMs } = answer;
    if (failure === null) record({ first, lateMs, status, durationMs: Math.max(0, endedMs - dueMs), ...makingOf(answer.headers) });
    else record({ ...nothing, first, failure });
  });
}

/** Says whose part this request plays, and that it only plays it. */
function agentOf(family: string): string {
  const name = family.replace(/[^\w .-]/g, '').slice(0, 40) || 'other';
  return `Mozilla/5.0 (compatible; ${name}; replayed) ${MARK}`;
}

async function stop(interrupted: boolean): Promise<void> {
  if (interrupted) list.end();
  const limitMs = nowMs() + (interrupted ? 0 : Math.min(DRAIN_MS, timeoutMs));
  while ((open.size > 0 || list.nextMs !== null) && nowMs() < limitMs) await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
  list.end();
  for (const unfinished of open) unfinished();
  open.clear();
  recorder.close();
  const closed = Promise.all([sender.destroy(), metronome.stop()]);
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_LIMIT_MS))]);
  say({ stopped: true });
  parentPort?.close();
}

void Promise.all([metronomeStarted, warmUp(nowMs)]).then(() => say({ ready: true }));

parentPort?.on('message', (order: CrawlOrder) => {
  if ('stop' in order) void stop(order.stop.interrupted);
  else {
    list.begin(order.phase, order.beginMs);
    run();
  }
});
