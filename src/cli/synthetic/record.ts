import { mkdirSync } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { redaction } from '../../collect/redaction.ts';
import { CodedError } from '../../errors.ts';
import { CheckRound } from '../../model/index.ts';

/** Folders of pictures and traces that are kept: those of the newest rounds in which something failed. */
const MOST_EVIDENCE = 50;
/** A line is some kilobytes; what is looked for stands near the end. */
const TAIL_BYTES = 4_000_000;
const MONTH_FILE = /^\d{4}-\d{2}\.ndjson$/;

/** Returns the folder of the checks inside the reports folder. */
export function checksFolder(reports: string): string {
  return join(reports, 'checks');
}

/** Returns the file that a round's line belongs into: that of the month, in UTC, in which it began. */
export function monthFile(folder: string, startedAtEpochMs: number): string {
  return join(folder, `${new Date(startedAtEpochMs).toISOString().slice(0, 7)}.ndjson`);
}

/** Makes the folder of the checks where it is not there. Throws J_REPORTS_UNWRITABLE. */
export function makeChecksFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (thrown) {
    throw unwritable(folder, thrown);
  }
}

function unwritable(where: string, thrown: unknown): CodedError {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return new CodedError('J_REPORTS_UNWRITABLE', [{ where, message: code ?? message }], { cause: thrown });
}

/** Appends a round, without what is private, as one line in one write, and waits until it is on the disk. Throws J_REPORTS_UNWRITABLE. */
export async function appendRound(folder: string, round: CheckRound): Promise<void> {
  const path = monthFile(folder, round.startedAtEpochMs);
  const redactor = redaction();
  // By its target a round is found again.
  const host = URL.parse(round.target)?.hostname;
  if (host !== undefined) redactor.know(host);
  const line = `${redactor.line(CheckRound.parse(round))}\n`;
  try {
    makeChecksFolder(folder);
    const file = await open(path, 'a+');
    try {
      const { size } = await file.stat();
      const last = Buffer.alloc(1);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      // A line that was cut short by a power cut must not take the next one with it.
      await file.appendFile(size === 0 || last[0] === 0x0a ? line : `\n${line}`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw unwritable(path, thrown);
  }
}

/** Returns the newest round that suits, looked for at the end of the two newest files; null where there is none. */
export async function newestRound(folder: string, suits: (round: CheckRound) => boolean): Promise<CheckRound | null> {
  const files = (await readdir(folder).catch(() => [])).filter((name) => MONTH_FILE.test(name)).sort().reverse();
  for (const file of files.slice(0, 2)) {
    const found = (await tail(join(folder, file))).map(toRound).find((round) => round !== null && suits(round));
    if (found) return found;
  }
  return null;
}

/** Lines, the last first; the first one of the piece may be half a line, which is then none. */
async function tail(path: string): Promise<string[]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    await file.read(bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString().split('\n').reverse();
  } finally {
    await file.close();
  }
}

function toRound(line: string): CheckRound | null {
  try {
    return CheckRound.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** Removes pictures and traces of rounds that are long over; what cannot be removed stays. */
export async function pruneEvidence(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const rounds = entries.filter((entry) => entry.isDirectory() && ROUND_ID.test(entry.name)).map(({ name }) => name).sort();
  for (const name of rounds.slice(0, Math.max(0, rounds.length - MOST_EVIDENCE))) {
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
  }
}

const ROUND_ID = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z-check-[0-9a-f]{4}$/;

/** Returns the id of a round: when it began, so that names sort by time, and four digits against a second one in that second. */
export function makeRoundId(startedAtEpochMs: number, random: () => number): string {
  const digits = Math.floor(random() * 0x10000).toString(16).padStart(4, '0');
  return `${new Date(startedAtEpochMs).toISOString().slice(0, 19).replaceAll(':', '-')}Z-check-${digits}`;
}
