import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

interface Collection {
  type: 'major';
  execution: 'sync';
  /** Gives the memory back to the operating system, not only to the heap. */
  flavor: 'last-resort';
}

/** Memory is spared since this thread asked for it. */
let spared = false;

const collector = (): ((how?: Collection) => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as (how?: Collection) => void;
};

/**
 * Collects this thread's garbage, which stops it for some hundred milliseconds: to be called before anything is timed. Loading
 * Artillery leaves so much that V8, in no need of memory, would keep some 250 MB of it for the whole run, while the users want
 * it. From here on all heaps of the process grow by less before they are collected: 0.12 GiB of 0.62 with 60 users. Whoever
 * calls it calls `growFreely` before the process ends.
 */
export function collectGarbage(): void {
  spared = true;
  setFlagsFromString('--optimize-for-size');
  collector()({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/**
 * Takes back that heaps grow by less, when a run comes to its end. With it V8's compiling threads wait for a collection whenever
 * their heap is at its limit; if the process ends meanwhile its main thread waits for them, and neither moves any more
 * (nodejs/node#54918): a run that has told its verdict would hang for ever.
 */
export function growFreely(): void {
  spared = false;
  setFlagsFromString('--no-optimize-for-size');
}

/** The same for a process that ends at this moment: a thread that waits already gets its collection. */
export function growFreelyAtOnce(): void {
  if (!spared) return;
  growFreely();
  collector()();
}
