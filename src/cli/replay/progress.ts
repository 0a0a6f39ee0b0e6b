import { count, cut } from '../../report/text.ts';
import type { ReplaySurroundings } from './command.ts';

const EVERY_MS = 250;
const MB = 1e6;
const CLEAR = '\r\u001b[K';

export interface Progress {
  add: (bytes: number) => void;
  show: (requests: number) => void;
  clear: () => void;
}

/** Returns a line that tells how far an import is; it writes nothing where nobody watches. */
export function progressLine(totalBytes: number, around: ReplaySurroundings): Progress {
  const { progress, nowMs, columns } = around;
  let bytes = 0;
  const startMs = nowMs();
  let shownMs = startMs;
  return {
    add: (more) => void (bytes += more),
    show: (requests) => {
      const now = nowMs();
      if (!progress || now - shownMs < EVERY_MS) return;
      shownMs = now;
      const share = totalBytes === 0 ? 1 : Math.min(1, bytes / totalBytes);
      const leftS = Math.ceil(((now - startMs) * (1 - share)) / share / 1_000);
      const read = `${(bytes / MB).toFixed(0)} of ${(totalBytes / MB).toFixed(0)} MB`;
      progress(CLEAR + cut(` reading  ${read} · ${count(requests)} requests · ${leftS} s left`, columns - 1));
    },
    clear: () => {
      if (shownMs !== startMs) progress?.(CLEAR);
    },
  };
}
