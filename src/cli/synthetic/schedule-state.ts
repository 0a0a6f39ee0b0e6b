import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isAlive, markOf } from '../../drive/liveness.ts';
import { writeRunFile } from '../../drive/run-folder.ts';

const State = z.strictObject({
  schedule: z.string(),
  target: z.string(),
  journeys: z.array(z.string()).nullable(),
  lastDueEpochMs: z.number(),
  /** Whose schedule it is; null once it was ended as it should be. */
  process: z.strictObject({ pid: z.number(), born: z.string().nullable() }).nullable(),
});
type State = z.infer<typeof State>;
type Kind = Pick<State, 'schedule' | 'target' | 'journeys'>;

/**
 * What a schedule has held so far, beside the records: one that was killed leaves its due times to be told as missed by the
 * next one of the same kind; one that somebody ended does not.
 */
export class ScheduleState {
  readonly #path: string;
  #state: State;

  private constructor(path: string, state: State) {
    this.#path = path;
    this.#state = state;
  }

  /** Takes up a schedule; `afterEpochMs` is the last due time of one that was killed, or else now. Throws J_REPORTS_UNWRITABLE. */
  static take(folder: string, kind: Kind, nowEpochMs: number): { state: ScheduleState; afterEpochMs: number } {
    const words = JSON.stringify([kind.schedule, kind.target, kind.journeys]);
    const key = createHash('sha256').update(words).digest('hex').slice(0, 12);
    const path = join(folder, `schedule-${key}.json`);
    const before = read(path);
    const wasKilled = before !== null && before.process !== null && !isAlive(before.process);
    const afterEpochMs = wasKilled ? Math.min(before.lastDueEpochMs, nowEpochMs) : nowEpochMs;
    const state = new ScheduleState(path, { ...kind, lastDueEpochMs: afterEpochMs, process: markOf(process.pid) });
    state.#write();
    return { state, afterEpochMs };
  }

  /** Notes that this due time was held, or told as skipped. Throws J_REPORTS_UNWRITABLE. */
  held(dueEpochMs: number): void {
    this.#state = { ...this.#state, lastDueEpochMs: dueEpochMs };
    this.#write();
  }

  /** Notes that the schedule was ended on purpose. Throws J_REPORTS_UNWRITABLE. */
  end(): void {
    this.#state = { ...this.#state, process: null };
    this.#write();
  }

  #write(): void {
    writeRunFile(this.#path, this.#state);
  }
}

function read(path: string): State | null {
  try {
    return State.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}
