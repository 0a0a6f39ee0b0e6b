import type { DatabaseSync } from 'node:sqlite';
import type { Check, CheckRound } from '../model/index.ts';
import type { PlanFacts, RecordFacts } from './facts.ts';

/** Keeps a judged run, in the place of what was known of its folder. Call it within a transaction. */
export function keepRecord(database: DatabaseSync, folder: string, { plan, environment, totals, validity, verdict, findings }: RecordFacts): void {
  const machine = environment === null ? null : `${environment.cores} × ${environment.cpuModel}`;
  keepRow(database, folder, plan, [
    verdict.decision, verdict.reason, verdict.exitCode, totals.ended, totals.durationMs, totals.journeys, totals.observed,
    validity.summary, environment?.commit ?? null, environment?.harnessVersion ?? null, machine,
  ]);
  const gate = database.prepare(`INSERT INTO gates VALUES (${places(15)})`);
  verdict.gates.forEach((one, position) => {
    gate.run(
      folder, position, one.id, one.title, one.metric, one.stat, one.status, one.observed, one.observedAbove,
      one.interval?.low ?? null, one.interval?.high ?? null, one.limit.kind, one.limit.value, one.unit, one.n,
    );
  });
  const finding = database.prepare(`INSERT INTO findings VALUES (${places(11)})`);
  findings.forEach((one, position) => {
    finding.run(
      folder, position, one.metric, JSON.stringify(one.scope), one.stat, one.value,
      one.interval?.low ?? null, one.interval?.high ?? null, one.unit, one.n, one.censored,
    );
  });
}

/** Keeps a run that was not judged, or whose record cannot be read: that it was, and no more. */
export function keepPlan(database: DatabaseSync, folder: string, plan: PlanFacts, why: string): void {
  keepRow(database, folder, plan, [null, why, null, null, null, null, null, null, null, null, null]);
}

function keepRow(database: DatabaseSync, folder: string, plan: PlanFacts, rest: (string | number | null)[]): void {
  const { runId, startedAtEpochMs, profile, script, target, sourceHash } = plan;
  database.prepare('DELETE FROM runs WHERE folder = ?').run(folder);
  database.prepare(`INSERT INTO runs VALUES (${places(19)})`)
    .run(folder, runId, startedAtEpochMs, profile, script, target.url, target.embedded ? 1 : 0, sourceHash, ...rest);
}

/** Keeps a round of checks, in the place of what was known of it. Call it within a transaction. */
export function keepRound(database: DatabaseSync, file: string, round: CheckRound): void {
  database.prepare('DELETE FROM rounds WHERE round_id = ?').run(round.roundId);
  database.prepare(`INSERT INTO rounds VALUES (${places(10)})`).run(
    round.roundId, file, round.target, round.event, round.dueAtEpochMs, round.startedAtEpochMs, round.endedAtEpochMs,
    round.harnessVersion, round.commit, round.detail,
  );
  const check = database.prepare(`INSERT OR REPLACE INTO checks VALUES (${places(7)})`);
  for (const one of round.checks) check.run(round.roundId, one.journey, one.status, one.attempts.length, ...endOf(one));
}

/** How long the last attempt took, and what went wrong in the last one that failed. */
function endOf({ attempts }: Check): [number | null, string | null, string | null] {
  const failed = attempts.findLast(({ outcome }) => outcome !== 'passed');
  return [attempts.at(-1)?.durationMs ?? null, failed?.errorCode ?? null, failed?.message ?? null];
}

function places(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}
