import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PartFault } from './part.ts';
import type { PartConfig } from './part.ts';

/** A part that says nothing for this long will not start. */
const START_LIMIT_MS = 15_000;
/**
 * What Node has made of the sources (types taken out, code compiled), kept from one start to the next: a part starts in
 * half the time. Where nothing can be written there, Node does without.
 */
const CODE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/openshow-platform', import.meta.url));

export interface Part {
  child: ChildProcess;
  /** Its port, once it serves. Rejects with a PartFault when it cannot start. */
  ready: Promise<number>;
  /** Why it ended, once it has. */
  ended: Promise<string>;
}

/** Starts a part of the platform as a process of its own. */
export function forkPart(name: string, file: URL, config: PartConfig): Part {
  const child = fork(file, {
    // A clean environment: options of the parent's runtime (NODE_OPTIONS) are not meant for the system under test.
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: CODE_CACHE, OPENSHOW_PART: JSON.stringify(config) },
    execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4000)));
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(/^\w*Error: .*$/m.exec(stderr)?.[0] ?? `exit ${code ?? signal}`));
  });
  const ready = new Promise<number>((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new PartFault('P_PART_FAILED', `${name} did not start in time`));
      child.kill('SIGKILL');
    }, START_LIMIT_MS);
    child.on('message', (message: { ready?: number; failed?: { code: string; message: string } }) => {
      if (message.failed) reject(new PartFault(message.failed.code, `${name}: ${message.failed.message}`));
      else if (message.ready !== undefined) resolve(message.ready);
      else return;
      clearTimeout(late);
    });
    void ended.then((why) => {
      clearTimeout(late);
      reject(new PartFault('P_PART_FAILED', `${name} ended during start: ${why}`));
    });
  });
  // Who waits for neither hears of the end by `ended`.
  ready.catch(() => undefined);
  return { child, ready, ended };
}
