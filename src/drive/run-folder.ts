import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodedError } from '../errors.ts';
import { isAlive, markOf, type ProcessMark } from './liveness.ts';

/** As a folder's name it leads to no other place, and as a part of an address neither. */
export const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Returns the run's id: the one asked for, or its start in UTC and the profile. On a target that others may test in the same
 * second, from another machine, `shared` adds what makes it one of a kind: data is removed, and payments are audited, by it.
 * Throws J_RUN_ID.
 */
export function makeRunId(asked: string | undefined, startedAt: Date, profile: string, shared = false): string {
  const own = `${startedAt.toISOString().slice(0, 19).replaceAll(':', '-')}Z-${profile.replace(/[^A-Za-z0-9._-]+/g, '-')}`;
  const id = asked ?? (shared ? `${own}-${randomBytes(2).toString('hex')}` : own);
  if (!RUN_ID.test(id)) throw new CodedError('J_RUN_ID', [{ where: `RUN_ID ${JSON.stringify(id)}`, message: 'not usable as a folder name' }]);
  return id;
}

/** Makes the run's folder and returns its path. Throws J_RUN_EXISTS or J_REPORTS_UNWRITABLE. */
export function makeRunFolder(reports: string, runId: string): string {
  const folder = join(reports, runId);
  try {
    mkdirSync(reports, { recursive: true });
    mkdirSync(folder);
    return folder;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && !message.includes(`'${reports}'`)) throw new CodedError('J_RUN_EXISTS', [{ where: folder, message: 'exists already' }]);
    throw unwritable(folder, error);
  }
}

/** Writes a file of the run folder, whole or not at all, whenever this process ends. Throws J_REPORTS_UNWRITABLE. */
export function writeRunFile(path: string, content: unknown): void {
  try {
    writeFileSync(`${path}.tmp`, `${JSON.stringify(content, null, 2)}\n`);
    renameSync(`${path}.tmp`, path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(where: string, error: unknown): CodedError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new CodedError('J_REPORTS_UNWRITABLE', [{ where, message: code ?? message }], { cause: error });
}

const MACHINE_LOCK = join(tmpdir(), 'openshow-journeys.lock');

/** The machine's lock: two runs at once would each measure the other's load. */
export class RunLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Takes the lock, also over from a run whose process is gone. Throws J_RUN_LOCKED with who holds it. */
  static take(runId: string, path = MACHINE_LOCK): RunLock {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        claim(path, JSON.stringify({ ...markOf(process.pid), runId } satisfies Holder));
        return new RunLock(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(path, error);
      }
      const holder = readHolder(path);
      if (holder && isAlive(holder)) {
        throw new CodedError('J_RUN_LOCKED', [{ where: path, message: `held by run ${holder.runId}, process ${holder.pid}` }]);
      }
      rmSync(path, { force: true });
    }
    throw new CodedError('J_RUN_LOCKED', [{ where: path, message: 'taken again and again by others' }]);
  }

  /** Returns the id of the run that holds the lock now, or null. */
  static holder(path = MACHINE_LOCK): string | null {
    const holder = readHolder(path);
    return holder && isAlive(holder) ? holder.runId : null;
  }

  release(): void {
    if (readHolder(this.#path)?.pid === process.pid) rmSync(this.#path, { force: true });
  }
}

/** Makes the lock appear with its content: another run must never see it empty, and take it for a dead one's. */
function claim(path: string, content: string): void {
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, content);
  try {
    linkSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
}

interface Holder extends ProcessMark {
  runId: string;
}

function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}
