import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { RoundView } from '../../analyze/burn/spans.ts';
import { Check, CheckRound } from '../../model/index.ts';
import { linesOf } from './lines.ts';

/** Only what budgets need: a month of checks has megabytes of steps and messages. */
const Line = z.object({
  ...CheckRound.pick({
    v: true, target: true, event: true, dueAtEpochMs: true, startedAtEpochMs: true, endedAtEpochMs: true, everyMs: true,
  }).shape,
  checks: z.array(z.object(Check.pick({ journey: true, status: true }).shape)),
});

export interface ReadRounds {
  /** Those of the target. */
  rounds: RoundView[];
  target: string | null;
  /** Other systems with rounds in the same files. */
  otherTargets: string[];
  /** When the newest round of the target began. */
  newestEpochMs: number | null;
  /** Files that could not be read, and lines that are no rounds. */
  faults: string[];
}

/** A file is named by the month in which its rounds began; those of the day before a window may reach into it. */
const MARGIN_MS = 2 * 86_400_000;
const FILE = /^(\d{4}-\d{2})\.ndjson$/;

/**
 * Reads the rounds of one target that ran since a time; of the target of the newest round where none is named. Never throws:
 * no folder means no rounds, and whatever cannot be read is told in `faults`.
 */
export async function readRounds(folder: string, asked: string | undefined, fromEpochMs: number): Promise<ReadRounds> {
  const all = new Map<string, { rounds: RoundView[]; newestEpochMs: number }>();
  const faults: string[] = [];
  for (const file of filesSince(folder, fromEpochMs - MARGIN_MS, faults)) {
    let unreadable = 0;
    try {
      for await (const text of linesOf(join(folder, file))) {
        const line = text === null ? null : parse(text);
        if (line === null) {
          unreadable += 1;
          continue;
        }
        // A round that was missed or refused says nothing of the target.
        if (line.event !== 'ran') continue;
        const of = all.get(line.target) ?? { rounds: [], newestEpochMs: line.startedAtEpochMs };
        all.set(line.target, of);
        of.newestEpochMs = Math.max(of.newestEpochMs, line.startedAtEpochMs);
        of.rounds.push(line);
      }
    } catch (error) {
      faults.push(`checks/${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
    }
    const lines = unreadable === 1 ? '1 line is no round' : `${unreadable} lines are no rounds`;
    if (unreadable > 0) faults.push(`checks/${file}: ${lines} of checks`);
  }
  const newestFirst = [...all].sort(([, a], [, b]) => b.newestEpochMs - a.newestEpochMs);
  const target = asked ?? newestFirst[0]?.[0] ?? null;
  const own = target === null ? undefined : all.get(target);
  return {
    rounds: own?.rounds ?? [], target, newestEpochMs: own?.newestEpochMs ?? null, faults,
    otherTargets: newestFirst.map(([name]) => name).filter((name) => name !== target),
  };
}

function filesSince(folder: string, fromEpochMs: number, faults: string[]): string[] {
  const first = new Date(fromEpochMs).toISOString().slice(0, 7);
  try {
    return readdirSync(folder).filter((name) => (FILE.exec(name)?.[1] ?? '') >= first).sort();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') faults.push(`the folder of checks cannot be read: ${code ?? message}`);
    return [];
  }
}

function parse(text: string): z.infer<typeof Line> | null {
  try {
    return Line.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
