import { seededRandom } from '../observers.ts';
import { dueBy, sendTimes, type Rate } from './arrivals.ts';
import type { PhaseOrder } from './protocol.ts';
import type { LanePhase } from './windows.ts';

export interface PacerOptions {
  /** Flows a second of each scenario at the full rate. */
  ratesPerSecond: readonly number[];
  random: boolean;
  seed: number;
  thread: number;
  threads: number;
  arrive: (scenario: number, number: number, phase: LanePhase, dueMs: number) => void;
}

/** One scenario's arrivals in the phase under way, in milliseconds from its start. */
interface Stream {
  times: Generator<number, void>;
  rate: Rate;
  /** Of all threads, before those that come next. */
  passed: number;
  /** What comes next: other threads' arrivals, and then one of this thread's unless the phase has no more. */
  next: number[];
  nextMs: number | null;
}

/**
 * Says which arrivals are due. Each thread goes through the whole sequence of arrivals and takes every n-th as its own, so
 * that together they make exactly the sequence of a single thread. Reads no clock.
 */
export class Pacer {
  readonly #options: PacerOptions;
  /** Arrivals before this phase and the part of one that it left over, by scenario. */
  readonly #before: { arrivals: number; owed: number }[];
  #phase: LanePhase | null = null;
  #streams: Stream[] = [];
  #ordered: PhaseOrder[] = [];
  #phases = 0;

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#before = options.ratesPerSecond.map(() => ({ arrivals: 0, owed: 0 }));
  }

  /** Has a phase begin at its time; the one before ends at the same moment at the latest. */
  begin(order: PhaseOrder): void {
    this.#ordered.push(order);
    if (this.#phase) this.#phase.endMs = Math.min(this.#phase.endMs, order.beginMs);
  }

  /** Ends the phase at once: what would have been due later is not due any more. */
  end(nowMs: number): void {
    this.run(nowMs);
    this.#ordered = [];
    this.#finish(nowMs);
  }

  /** When there is something to do next: an arrival of this thread, or a phase that begins; null when nothing is known. */
  get nextMs(): number | null {
    let next = this.#ordered[0]?.beginMs ?? null;
    for (const { nextMs } of this.#streams) {
      const atMs = nextMs === null || !this.#phase ? null : this.#phase.beginMs + nextMs;
      if (atMs !== null && (next === null || atMs < next)) next = atMs;
    }
    return next;
  }

  /** Lets every arrival that is due by a time arrive, in their order. */
  run(nowMs: number): void {
    for (;;) {
      const order = this.#ordered[0];
      this.#arrivals(order ? Math.min(nowMs, order.beginMs) : nowMs);
      if (!order || order.beginMs > nowMs) return;
      this.#ordered.shift();
      this.#finish(order.beginMs);
      this.#start(order);
    }
  }

  #start({ name, beginMs, durationMs, share, to }: PhaseOrder): void {
    this.#phases += 1;
    const { ratesPerSecond, random, seed } = this.#options;
    const followedBy = this.#ordered[0]?.beginMs ?? Infinity;
    this.#phase = { name, beginMs, endMs: Math.min(beginMs + durationMs, followedBy) };
    this.#streams = ratesPerSecond.map((perSecond, index) => {
      const rate = { fromPerSecond: perSecond * share, toPerSecond: perSecond * to, durationMs };
      const draw = random ? seededRandom(`${seed}/api/${index}/${this.#phases}`) : null;
      const times = sendTimes(rate, draw, this.#before[index]?.owed ?? 0);
      const stream: Stream = { times, rate, passed: 0, next: [], nextMs: null };
      this.#advance(stream, index);
      return stream;
    });
  }

  #finish(atMs: number): void {
    const phase = this.#phase;
    if (!phase) return;
    phase.endMs = Math.min(phase.endMs, atMs);
    const lastedMs = phase.endMs - phase.beginMs;
    this.#before.forEach((before, index) => {
      const stream = this.#streams[index];
      if (!stream) return;
      const passed = stream.passed + stream.next.filter((ms) => ms <= lastedMs).length;
      before.arrivals += passed;
      const owed = before.owed + dueBy(stream.rate, lastedMs) - passed;
      before.owed = this.#options.random ? 0 : Math.min(0.5, Math.max(-0.5, owed));
    });
    this.#phase = null;
    this.#streams = [];
  }

  #arrivals(untilMs: number): void {
    const phase = this.#phase;
    if (!phase) return;
    const until = Math.min(untilMs, phase.endMs) - phase.beginMs;
    for (;;) {
      let [first, atMs] = [-1, until];
      this.#streams.forEach(({ nextMs }, index) => {
        if (nextMs !== null && (first === -1 ? nextMs <= atMs : nextMs < atMs)) [first, atMs] = [index, nextMs];
      });
      const stream = this.#streams[first];
      if (!stream) return;
      stream.passed += stream.next.length;
      const number = (this.#before[first]?.arrivals ?? 0) + stream.passed - 1;
      this.#advance(stream, first);
      this.#options.arrive(first, number, phase, phase.beginMs + atMs);
    }
  }

  /** Goes on to this thread's next arrival. */
  #advance(stream: Stream, index: number): void {
    const { thread, threads } = this.#options;
    const before = (this.#before[index]?.arrivals ?? 0) + stream.passed;
    stream.next = [];
    stream.nextMs = null;
    for (let time = stream.times.next(); !time.done; time = stream.times.next()) {
      stream.next.push(time.value);
      if ((before + stream.next.length - 1) % threads !== thread) continue;
      stream.nextMs = time.value;
      return;
    }
  }
}
