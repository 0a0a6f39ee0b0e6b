import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../errors.ts';
import { HistoryError } from '../../history/database.ts';
import { gateIds, pastChecks, pastGate, pastRuns } from '../../history/read.ts';
import { readHistory, rebuildHistory } from '../../history/update.ts';
import type { Updated } from '../../history/update.ts';
import { nearest } from '../../nearest.ts';
import { readSettings } from '../../plan/settings.ts';
import { checksText, gateText, runsText } from '../../report/history-text.ts';
import { counted, harmless } from '../../report/text.ts';
import { HELP, USAGE, readArguments } from './arguments.ts';
import type { HistoryArguments } from './arguments.ts';

export interface HistorySurroundings {
  /** The checkout: settings come from its .env. */
  root: string;
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  err: (text: string) => void;
  nowEpochMs: number;
}

/** Checks are shown of the last day. */
const CHECKS_MS = 86_400_000;

/** Does what `npm run history -- …` says and returns the exit code. Throws coded errors. */
export async function historyCommand(args: string[], around: HistorySurroundings): Promise<number> {
  const asked = readArguments(args);
  if (asked.kind === 'help') {
    around.out(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const reportsDir = resolve(around.root, readSettings(around.root, around.environment).REPORTS_DIR);
  if (!existsSync(reportsDir)) throw new CodedError('J_RUN_NOT_FOUND', [{ where: reportsDir, message: 'there is no reports folder yet' }]);
  if (asked.kind === 'rebuild') return rebuild(reportsDir, around);
  const { database, updated, fault } = readHistory(reportsDir);
  try {
    if (fault !== null) around.err(`${harmless(fault)}; shown from the files ("npm run history -- rebuild" makes it anew)\n`);
    tellUnreadable(updated, around);
    return show(database, asked, around);
  } finally {
    database.close();
  }
}

function show(database: DatabaseSync, asked: HistoryArguments & { kind: 'runs' | 'gate' }, { out, nowEpochMs }: HistorySurroundings): number {
  const filter = { last: asked.last, ...(asked.profile === undefined ? {} : { profile: asked.profile }) };
  if (asked.kind === 'gate') {
    const gates = pastGate(database, asked.id, filter);
    if (gates.length === 0) throw noSuchGate(database, asked.id);
    out(asked.json ? `${JSON.stringify({ gate: asked.id, runs: gates })}\n` : `${gateText(asked.id, gates)}\n`);
    return 0;
  }
  const runs = pastRuns(database, filter);
  const checks = pastChecks(database, nowEpochMs - CHECKS_MS);
  out(asked.json ? `${JSON.stringify({ runs, checks })}\n` : `${[runsText(runs), checksText(checks)].filter((text) => text !== '').join('\n\n')}\n`);
  return 0;
}

function noSuchGate(database: DatabaseSync, id: string): CodedError {
  const near = nearest(id, gateIds(database));
  return new CodedError('J_USAGE', [{
    where: 'history', message: `no run judged a gate "${harmless(id)}"`, hint: near === null ? 'ids are those of slo.yml' : `did you mean "${harmless(near)}"?`,
  }]);
}

function rebuild(reportsDir: string, around: HistorySurroundings): number {
  let updated: Updated;
  try {
    updated = rebuildHistory(reportsDir);
  } catch (thrown) {
    if (!(thrown instanceof HistoryError)) throw thrown;
    throw new CodedError('J_HISTORY', [{ where: reportsDir, message: thrown.message }]);
  }
  around.out(`history of ${counted(updated.runs, 'run')} and ${counted(updated.rounds, 'round')} of checks, from their files\n`);
  tellUnreadable(updated, around);
  return 0;
}

/** What could not be read is told once: it is not looked at again until it changes. */
function tellUnreadable({ unreadable }: Updated, { err }: HistorySurroundings): void {
  for (const one of unreadable) err(`not read: ${harmless(one)}\n`);
}
