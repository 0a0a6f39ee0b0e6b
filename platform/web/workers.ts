import { once } from 'node:events';
import type { Socket } from 'node:net';
import { forkPart } from '../shared/fork.ts';
import type { BreakerView } from '../shared/breaker.ts';
import type { Figure } from '../shared/figures.ts';
import type { PartConfig } from '../shared/part.ts';
import type { Look } from './autoscaler.ts';
import type { LoadReport } from './load.ts';
import { instances, queueLength, replacements, scaleUpSeconds, workersByState } from './metrics.ts';
import type { Scrape } from './scrape.ts';
import type { Order, WorkerMessage } from './worker.ts';

/** Workers that die one after the other before they were ready: the next would too. */
const MAX_FAILED_STARTS = 3;
/** A busy worker that has not reported for this long is stuck: too busy even for that. */
const STUCK_MS = 1000;

/** For a worker that is to be killed by its own request: until that is answered. */
const LAST_ANSWER_MS = 100;
/** From the end of a worker until what it had written before has been read. */
const LAST_WORDS_MS = 30;

interface Worker {
  slot: number;
  child: ReturnType<typeof forkPart>['child'];
  state: 'starting' | 'ready' | 'leaving';
  /** Connections handed over; with those reported as closed, the ones it has. */
  handed: number;
  /** Handed over and not taken yet, by their number: if the worker dies first, another one gets them. */
  handing: Map<number, Socket>;
  load: LoadReport;
  reportedMs: number;
}

export type Workers = ReturnType<typeof createWorkers>;

/**
 * The web workers: processes that serve the connections of one port. Starts, replaces and lets go of them, and hands
 * each new connection to the one with the fewest; connections that come while there is none wait for it. Own code
 * instead of node:cluster, which closes the port with its last worker and knows no such wait.
 */
export function createWorkers(
  config: PartConfig, scrape: Scrape, tell: { notice: (text: string) => void; hopeless: (why: unknown) => void },
) {
  const workers = new Set<Worker>();
  const waiting: Socket[] = [];
  const asked = new Map<number, (answer: WorkerMessage) => void>();
  let questions = 0;
  let failedStarts = 0;
  let databaseReady = false;
  let stopping = false;

  const inState = (state: Worker['state']): Worker[] => [...workers].filter((worker) => worker.state === state);
  const connections = ({ handed, load }: Worker): number => handed - load.closed;
  const order = (worker: Worker, what: Order): void => {
    if (worker.child.connected) worker.child.send(what, () => undefined);
  };

  function count(): void {
    instances.set({ service: 'web' }, workers.size);
    for (const state of ['starting', 'ready', 'leaving'] as const) workersByState.set({ state }, inState(state).length);
    queueLength.set({ queue: 'connections' }, waiting.length);
  }

  /** Takes a new connection. */
  function accept(socket: Socket): void {
    const [first, ...others] = inState('ready');
    if (!first) {
      waiting.push(socket);
      return count();
    }
    const worker = others.reduce((best, next) => connections(next) < connections(best) ? next : best, first);
    worker.handed += 1;
    worker.handing.set(worker.handed, socket);
    const handover: Order = { order: 'connection', number: worker.handed };
    // Kept open here until it is taken: Node loses a handle that was sent to a process in the moment of its end.
    if (worker.child.connected) worker.child.send(handover, socket, { keepOpen: true }, () => undefined);
  }

  function becameReady(worker: Worker, decidedMs: number, isScaleUp: boolean): void {
    failedStarts = 0;
    worker.state = 'ready';
    if (isScaleUp) scaleUpSeconds.observe((performance.now() - decidedMs) / 1000);
    for (const socket of waiting.splice(0)) accept(socket);
    // Connections live long: without this, the ones that are there would all stay with the workers that are there.
    const ready = inState('ready');
    for (const other of ready) if (other !== worker) order(other, { order: 'shed', every: ready.length });
    count();
  }

  /** Starts a worker: a process from nothing. Resolves when it serves; rejects when it cannot. */
  function start(isScaleUp: boolean): Promise<number> {
    const decidedMs = performance.now();
    const taken = new Set([...workers].map(({ slot }) => slot));
    let slot = 1;
    while (taken.has(slot)) slot += 1;
    const name = `web-${slot}`;
    const { child, ready, ended } = forkPart(name, new URL('./worker.ts', import.meta.url), { ...config, slot });
    const load = { inFlight: 0, meanInFlight: 0, utilisation: 0, closed: 0 };
    const worker: Worker = { slot, child, state: 'starting', handed: 0, handing: new Map(), load, reportedMs: 0 };
    workers.add(worker);
    count();
    let lastWord: Figure[] | undefined;
    const forget = scrape.add(name, () => worker.state === 'starting' ? Promise.resolve([])
      : ask(worker, 'figures').then(({ figures = [] }) => figures));
    child.on('message', (message: WorkerMessage) => {
      if (message.load) [worker.load, worker.reportedMs] = [message.load, performance.now()];
      if (message.taken !== undefined) {
        worker.handing.get(message.taken)?.destroy();
        worker.handing.delete(message.taken);
      }
      if (message.figures && message.id === undefined) lastWord = message.figures;
      if (message.id !== undefined) asked.get(message.id)?.(message);
    });
    if (databaseReady) order(worker, { order: 'serve' });
    ready.then(() => becameReady(worker, decidedMs, isScaleUp), () => undefined);
    void ended.then(async (why) => {
      // Its last messages may still be on their way. The channel's own end is no help: with a handle that was never
      // acknowledged, Node does not report it.
      await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
      workers.delete(worker);
      for (const socket of worker.handing.values()) accept(socket);
      forget(lastWord);
      count();
      if (worker.state !== 'leaving' && !stopping) replace(worker, why);
    });
    return ready;
  }

  function replace(worker: Worker, why: string): void {
    failedStarts += worker.state === 'starting' ? 1 : 0;
    if (failedStarts >= MAX_FAILED_STARTS) return tell.hopeless(new Error(`web workers do not start: ${why}`));
    replacements.inc();
    tell.notice(`P_WORKER_DIED: web worker ${worker.slot} ended: ${why}; another one is started`);
    start(false).catch(() => undefined);
  }

  function ask(worker: Worker, what: 'figures' | 'breakers'): Promise<WorkerMessage> {
    const id = (questions += 1);
    return new Promise<WorkerMessage>((resolve, reject) => {
      asked.set(id, resolve);
      order(worker, { order: what, id });
      setTimeout(reject, STUCK_MS, new Error('no answer')).unref();
    }).finally(() => asked.delete(id));
  }

  return {
    accept,
    start,
    /** The database is there: workers may open it, those that start later too. */
    serve(): void {
      databaseReady = true;
      for (const worker of workers) order(worker, { order: 'serve' });
    },
    /** Lets the youngest worker go: it finishes what it has and ends. */
    letGo(): void {
      const worker = inState('ready').toSorted((a, b) => b.slot - a.slot)[0];
      if (!worker) return;
      worker.state = 'leaving';
      order(worker, { order: 'leave' });
      count();
    },
    /** The breakers of all workers; one that does not answer has none to show. */
    async breakers(): Promise<BreakerView[]> {
      const answers = await Promise.allSettled(inState('ready').map((worker) => ask(worker, 'breakers')));
      return answers.flatMap((answer) => answer.status === 'fulfilled' ? answer.value.breakers ?? [] : []);
    },
    /**
     * Kills a ready worker, for a drill: the one in `slot` only if there is no other, and then after its answer is out.
     * Returns its name, null when there is none.
     */
    kill(slot: number): string | null {
      const ready = inState('ready');
      const worker = ready.findLast((one) => one.slot !== slot) ?? ready[0];
      if (!worker) return null;
      setTimeout(() => worker.child.kill('SIGKILL'), worker.slot === slot ? LAST_ANSWER_MS : 0);
      return `web-${worker.slot}`;
    },
    /** How many serve. */
    serving: (): number => inState('ready').length,
    look(nowMs: number): Look {
      const ready = inState('ready');
      const look: Look = { ready: ready.length, starting: inState('starting').length, inFlight: 0, utilisation: 0 };
      for (const { load, reportedMs } of ready) {
        const fresh = nowMs - reportedMs < STUCK_MS;
        look.inFlight += fresh ? load.meanInFlight : load.inFlight;
        look.utilisation += fresh ? load.utilisation : load.inFlight > 0 ? 1 : 0;
      }
      return look;
    },
    async stop(): Promise<void> {
      stopping = true;
      const alive = [...workers].filter(({ child }) => child.exitCode === null && child.signalCode === null);
      const gone = alive.map(({ child }) => once(child, 'exit'));
      for (const { child } of alive) child.kill('SIGTERM');
      await Promise.all(gone);
    },
  };
}
