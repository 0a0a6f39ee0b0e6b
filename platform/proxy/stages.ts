import type { Toxic } from './input.ts';

/** How a stream ends: with its source, by a toxic that closes the whole connection, or by one that resets it. */
export type Ending = 'end' | 'cut' | 'reset';
/** Bytes of a stream, when they came, and what they count for in the link's account of what it holds. */
export interface Data {
  bytes: Buffer;
  atMs: number;
  cost: number;
}
/** A piece of a stream, or its end. */
export type Item = Data | { ending: Ending };

/** What a toxic does to one stream of one connection. */
export interface Stage {
  push(item: Item): void;
  /** Its toxic has other attributes now. */
  change(): void;
  /** Its toxic is gone: passes on what it holds; closes the connection if bytes are lost already. */
  remove(): void;
  /** The connection is gone. */
  stop(): void;
}

interface Ways {
  forward: (item: Item) => void;
  /** This will never be passed on. */
  drop: (data: Data) => void;
}

/** Bandwidth is handed out in pieces of this time, as Toxiproxy does. */
const PIECE_MS = 100;
/** What a timer can hold; beyond it Node's fire at once. */
const TIMER_LIMIT_MS = 2 ** 31 - 1;

export const isData = (item: Item): item is Data => 'bytes' in item;
/** Never early: Node's timers cut fractions of a millisecond off. */
const later = (waitMs: number, work: () => void): NodeJS.Timeout =>
  setTimeout(work, Math.min(Math.ceil(waitMs), TIMER_LIMIT_MS));

/** When the first of what is held may go, and how much of it. */
interface Pace {
  /** What it still has to stay, ms; null: for as long as nothing changes. */
  wait(head: Data): number | null;
  /** Takes out of the queue what may go now. */
  take(head: Data, queue: Item[]): Data;
  /** Other settings hold from now on. */
  reset(): void;
}

/** A stage that holds pieces back, in order. */
function holding({ forward }: Ways, pace: Pace): Stage {
  const queue: Item[] = [];
  let timer: NodeJS.Timeout | undefined;
  const proceed = (): void => {
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      if (!isData(head)) {
        queue.shift();
        forward(head);
        continue;
      }
      const waitMs = pace.wait(head);
      if (waitMs === null) return;
      if (waitMs > 0) {
        timer = later(waitMs, proceed);
        return;
      }
      forward(pace.take(head, queue));
    }
  };
  return {
    push(item) {
      queue.push(item);
      if (queue.length === 1) proceed();
    },
    change() {
      clearTimeout(timer);
      pace.reset();
      // As in Toxiproxy: what was waiting under the old setting goes at once, the rest by the new one.
      const head = queue[0];
      if (head !== undefined && isData(head)) {
        queue.shift();
        forward(head);
      }
      proceed();
    },
    remove() {
      clearTimeout(timer);
      for (const item of queue.splice(0)) forward(item);
    },
    stop() {
      clearTimeout(timer);
      queue.length = 0;
    },
  };
}

/** Everything comes `latency` ms later, give or take `jitter`; order is kept. */
function latency({ attributes }: Toxic, ways: Ways, random: () => number): Stage {
  let drawnMs: number | null = null;
  return holding(ways, {
    wait({ atMs }) {
      const { latency: ms = 0, jitter = 0 } = attributes;
      drawnMs ??= ms + (random() * 2 - 1) * jitter;
      return atMs + drawnMs - performance.now();
    },
    take(head, queue) {
      drawnMs = null;
      queue.shift();
      // A second toxic of this kind counts from here.
      return { ...head, atMs: performance.now() };
    },
    reset: () => (drawnMs = null),
  });
}

/** At most `rate` KB (1000 bytes) a second. 0 lets nothing through. */
function bandwidth({ attributes }: Toxic, ways: Ways): Stage {
  /** When the time of what was let through is used up, and when that of the next piece will be. */
  let freeAtMs = 0;
  let dueMs: number | null = null;
  let busy = false;
  const pieceOf = ({ bytes }: Data): number => Math.min(bytes.length, (attributes['rate'] ?? 0) * PIECE_MS);
  return holding(ways, {
    wait(head) {
      const { rate = 0 } = attributes;
      if (rate === 0) return null;
      const nowMs = performance.now();
      // While there is more to send, the lateness of a timer is made up for; idle time is not saved up.
      dueMs ??= (busy ? freeAtMs : Math.max(nowMs, freeAtMs)) + pieceOf(head) / rate;
      return dueMs - nowMs;
    },
    take(head, queue) {
      const size = pieceOf(head);
      const last = size === head.bytes.length;
      if (last) queue.shift();
      else queue[0] = { ...head, bytes: head.bytes.subarray(size) };
      [freeAtMs, dueMs, busy] = [dueMs ?? 0, null, queue.length > 0];
      // What it counts for goes with its last bytes.
      return { ...head, bytes: head.bytes.subarray(0, size), cost: last ? head.cost : 0 };
    },
    reset: () => void ([freeAtMs, dueMs, busy] = [0, null, false]),
  });
}

/** Nothing comes through; closes after `timeout` ms, or, if that is 0, when the toxic is removed. */
function timeout({ attributes }: Toxic, { forward, drop }: Ways): Stage {
  let done = false;
  let timer: NodeJS.Timeout | undefined;
  const close = (ending: Ending): void => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    forward({ ending });
  };
  const arm = (): void => {
    clearTimeout(timer);
    const { timeout: ms = 0 } = attributes;
    if (!done && ms > 0) timer = later(ms, () => close('cut'));
  };
  arm();
  return {
    push(item) {
      if (isData(item)) drop(item);
      else close(item.ending);
    },
    change: arm,
    remove: () => close('cut'),
    stop: () => clearTimeout(timer),
  };
}

/** The connection is reset `timeout` ms after the first bytes, which are lost. */
function resetPeer({ attributes }: Toxic, { forward, drop }: Ways): Stage {
  let begun = false;
  let done = false;
  let timer: NodeJS.Timeout | undefined;
  const reset = (): void => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    forward({ ending: 'reset' });
  };
  return {
    push(item) {
      if (isData(item)) drop(item);
      if (begun) return;
      begun = true;
      const { timeout: ms = 0 } = attributes;
      if (ms === 0) reset();
      else timer = later(ms, reset);
    },
    change: () => undefined,
    remove() {
      if (begun) reset();
    },
    stop: () => clearTimeout(timer),
  };
}

/** The end of the stream comes `delay` ms late. */
function slowClose({ attributes }: Toxic, { forward }: Ways): Stage {
  let held: Item | null = null;
  let timer: NodeJS.Timeout | undefined;
  const close = (): void => {
    clearTimeout(timer);
    const end = held;
    held = null;
    if (end !== null) forward(end);
  };
  const arm = (): void => {
    clearTimeout(timer);
    if (held !== null) timer = later(attributes['delay'] ?? 0, close);
  };
  return {
    push(item) {
      if (isData(item)) return forward(item);
      held = item;
      arm();
    },
    change: arm,
    remove: close,
    stop: () => clearTimeout(timer),
  };
}

/** Closes the connection once `bytes` bytes have come through; no more than those do. */
function limitData({ attributes }: Toxic, { forward, drop }: Ways): Stage {
  let passed = 0;
  let done = false;
  return {
    push(item) {
      if (done) return isData(item) ? drop(item) : undefined;
      if (!isData(item)) {
        done = true;
        return forward(item);
      }
      const left = Math.max(0, (attributes['bytes'] ?? 0) - passed);
      const bytes = item.bytes.subarray(0, left);
      passed += bytes.length;
      done = left <= item.bytes.length;
      if (bytes.length > 0) forward({ ...item, bytes });
      else drop(item);
      if (done) forward({ ending: 'cut' });
    },
    change: () => undefined,
    remove: () => undefined,
    stop: () => undefined,
  };
}

/** The stage for a toxic. `random` gives numbers from 0 to 1. */
export function createStage(toxic: Toxic, ways: Ways, random: () => number): Stage {
  switch (toxic.type) {
    case 'latency': return latency(toxic, ways, random);
    case 'bandwidth': return bandwidth(toxic, ways);
    case 'timeout': return timeout(toxic, ways);
    case 'reset_peer': return resetPeer(toxic, ways);
    case 'slow_close': return slowClose(toxic, ways);
    case 'limit_data': return limitData(toxic, ways);
  }
}
