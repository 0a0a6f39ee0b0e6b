import type { DatabaseSync } from 'node:sqlite';
import type { CheckHistory, PastChecks, PastGate, PastRun } from '../model/index.ts';

export interface RunFilter {
  profile?: string;
  /** So many of the newest. */
  last: number;
}

const RUN = `
  SELECT runs.folder, run_id AS runId, started_at_epoch_ms AS startedAtEpochMs, profile, target, embedded, decision, reason, journeys,
    duration_ms AS durationMs, commit_id AS "commit", machine,
    (SELECT count(*) FROM gates WHERE gates.folder = runs.folder AND status = 'pass') AS passed,
    (SELECT count(*) FROM gates WHERE gates.folder = runs.folder AND status = 'fail') AS failed,
    (SELECT count(*) FROM gates WHERE gates.folder = runs.folder AND status NOT IN ('pass', 'fail')) AS open
  FROM runs`;

function asRun(row: unknown): PastRun {
  const run = row as Omit<PastRun, 'embedded'> & { embedded: number };
  return { ...run, embedded: run.embedded === 1 };
}

/** Returns the newest runs, newest first. */
export function pastRuns(database: DatabaseSync, { profile, last }: RunFilter): PastRun[] {
  return database.prepare(`${RUN} WHERE ?1 IS NULL OR profile = ?1 ORDER BY started_at_epoch_ms DESC, run_id DESC LIMIT ?2`)
    .all(profile ?? null, last).map(asRun);
}

/** Returns a run by its folder or its id; null where the history knows none. */
export function pastRun(database: DatabaseSync, name: string): PastRun | null {
  const row = database.prepare(`${RUN} WHERE runs.folder = ?1 OR run_id = ?1 ORDER BY runs.folder = ?1 DESC LIMIT 1`).get(name);
  return row === undefined ? null : asRun(row);
}

/**
 * Returns the GOs before a run, newest first, with its profile and target. The bundled platform is one target whatever its port.
 */
export function goesBefore(database: DatabaseSync, run: Pick<PastRun, 'runId' | 'startedAtEpochMs' | 'profile' | 'target' | 'embedded'>): PastRun[] {
  return database.prepare(`${RUN} WHERE decision = 'GO' AND run_id <> ?1 AND started_at_epoch_ms <= ?2 AND profile = ?3
      AND embedded = ?4 AND (?4 = 1 OR target = ?5) ORDER BY started_at_epoch_ms DESC LIMIT 100`)
    .all(run.runId, run.startedAtEpochMs, run.profile, run.embedded ? 1 : 0, run.target).map(asRun);
}

/** Returns one gate over the newest runs that judged it, newest first. */
export function pastGate(database: DatabaseSync, id: string, { profile, last }: RunFilter): PastGate[] {
  return database.prepare(`
    SELECT run_id AS runId, started_at_epoch_ms AS startedAtEpochMs, profile, commit_id AS "commit", title, stat, status, gates.observed,
      observed_above AS observedAbove, low, high, limit_kind AS limitKind, limit_value AS limitValue, unit, n
    FROM gates JOIN runs ON runs.folder = gates.folder
    WHERE id = ?1 AND (?2 IS NULL OR profile = ?2) ORDER BY started_at_epoch_ms DESC, run_id DESC LIMIT ?3`)
    .all(id, profile ?? null, last) as unknown as PastGate[];
}

/** Returns the ids of all gates that any run judged. */
export function gateIds(database: DatabaseSync): string[] {
  return (database.prepare('SELECT DISTINCT id FROM gates ORDER BY id').all() as { id: string }[]).map(({ id }) => id);
}

/** Returns the checks since a time, by journey, and the rounds that did not come to be. */
export function pastChecks(database: DatabaseSync, sinceEpochMs: number): CheckHistory {
  const rounds = database.prepare('SELECT event, count(*) AS n FROM rounds WHERE started_at_epoch_ms >= ? GROUP BY event').all(sinceEpochMs);
  const journeys = database.prepare(`
    SELECT journey, sum(status = 'up') AS up, sum(status = 'flaky') AS flaky, sum(status = 'down') AS down, sum(status = 'unknown') AS unknown,
      max(CASE WHEN status = 'down' THEN started_at_epoch_ms END) AS lastDownAtEpochMs,
      (SELECT error_code FROM checks AS late JOIN rounds AS ended USING (round_id)
        WHERE late.journey = checks.journey AND late.status = 'down' AND ended.started_at_epoch_ms >= ?1
        ORDER BY ended.started_at_epoch_ms DESC LIMIT 1) AS lastError
    FROM checks JOIN rounds USING (round_id) WHERE started_at_epoch_ms >= ?1 GROUP BY journey ORDER BY journey`).all(sinceEpochMs);
  return {
    sinceEpochMs,
    rounds: Object.fromEntries((rounds as { event: string; n: number }[]).map(({ event, n }) => [event, n])),
    journeys: journeys as unknown as PastChecks[],
  };
}
