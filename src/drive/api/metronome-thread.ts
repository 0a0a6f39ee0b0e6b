/** The metronome's thread: sleeps until the time it is given, says so, and waits for the next. */
import { parentPort, workerData } from 'node:worker_threads';
import { monotonicMs } from '../run-clock.ts';
import { END, sharedOf } from './metronome.ts';

const { order, wakeMs } = sharedOf(workerData as SharedArrayBuffer);

for (;;) {
  const current = Atomics.load(order, 0);
  if (current === END) break;
  const sleepMs = (wakeMs[0] ?? Infinity) - monotonicMs();
  if (sleepMs > 0 && Atomics.wait(order, 0, current, sleepMs) !== 'timed-out') continue;
  if (Atomics.load(order, 0) !== current) continue;
  parentPort?.postMessage(null);
  // An order that came in between makes this return at once.
  Atomics.wait(order, 0, current);
}
