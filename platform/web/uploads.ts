import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PartConfig } from '../shared/part.ts';
import { currentRunId } from './context.ts';
import type { Db } from './db.ts';
import { AppError } from './errors.ts';
import type { Flags } from './flags.ts';

export type UploadState = 'waiting' | 'stored';
export type Uploads = ReturnType<typeof createUploads>;

/** More than the primary lets its caller wait. */
const ANSWER_LIMIT_MS = 2500;

/** Where files are kept until object storage has them. */
export function spoolOf(dataDir: string): string {
  const directory = join(dataDir, 'spool');
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** Files of users as a web worker takes them: kept on disk and in the database first, so that none is ever lost. */
export function createUploads(db: Db, config: PartConfig, flags: Flags) {
  const spoolDir = spoolOf(config.dataDir);

  async function sendNow(id: string): Promise<UploadState> {
    try {
      const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
      const answer = await fetch(`${config.primaryUrl}/uploads/${id}`, { method: 'POST', signal });
      return (await answer.json() as { state: UploadState }).state;
    } catch {
      return 'waiting';
    }
  }

  /** True when it was still waiting, and so is forgotten now. */
  async function withdraw(id: string): Promise<boolean> {
    const removed = db.run('uploads.withdraw', "DELETE FROM uploads WHERE id = ? AND state = 'waiting'", id);
    if (removed === 1) await rm(join(spoolDir, id), { force: true });
    return removed === 1;
  }

  return {
    /**
     * Takes a file and has it uploaded: now, or later where storage does not answer. Throws 503 STORAGE_UNAVAILABLE
     * instead of the latter when `upload-later` is switched off.
     */
    async keep(userId: string, content: Buffer, contentType: string, ending: string): Promise<{ id: string; state: UploadState }> {
      const id = `upl_${randomUUID()}`;
      const hash = createHash('sha256').update(content).digest('hex').slice(0, 32);
      // Whole under its name or not there at all.
      await writeFile(join(spoolDir, `${id}.part`), content);
      await rename(join(spoolDir, `${id}.part`), join(spoolDir, id));
      // The first look of the queue comes after the answer to the user.
      db.run('uploads.insert', "INSERT INTO uploads VALUES (?, ?, ?, ?, ?, 'waiting', 0, ?, NULL, ?, ?, NULL)", id, userId,
        `listings/${userId}/${hash}.${ending}`, contentType, content.length, Date.now() + ANSWER_LIMIT_MS, currentRunId(),
        Date.now());
      const state = await sendNow(id);
      if (state === 'waiting' && !flags.isEnabled('upload-later') && await withdraw(id)) {
        throw new AppError(503, 'STORAGE_UNAVAILABLE', 'Your file cannot be stored now, and nothing was changed. Please try again.');
      }
      return { id, state };
    },
  };
}
