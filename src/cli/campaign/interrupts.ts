import type { Interrupts } from './one-run.ts';

/** npm passes on a Ctrl-C that the terminal has sent to everybody already: two within a second are one. */
const SAME_MS = 1_000;
/** SIGHUP: the terminal was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Counts interrupts from now on, instead of ending the process, and tells its listener of each. */
export function watchInterrupts(): Interrupts & { stop: () => void } {
  let lastMs = -Infinity;
  const watched: Interrupts & { stop: () => void } = {
    count: 0,
    listener: null,
    stop: () => SIGNALS.forEach((signal) => process.off(signal, onSignal)),
  };
  const onSignal = (): void => {
    const nowMs = performance.now();
    if (nowMs - lastMs < SAME_MS) return;
    lastMs = nowMs;
    watched.count += 1;
    watched.listener?.();
  };
  SIGNALS.forEach((signal) => process.on(signal, onSignal));
  return watched;
}
