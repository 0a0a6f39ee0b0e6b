import { join } from 'node:path';
import { redaction } from '../../collect/redaction.ts';
import { writeRunFile } from '../../drive/run-folder.ts';
import { NO_TIMES, type GameDay, type GameDayDecision, type GameDayTimes } from '../../model/game-day.ts';
import { harmless } from '../../report/text.ts';
import { decisionText } from './decision.ts';

/** The file of a game day in its folder. */
export const GAME_DAY_FILE = 'gameday.json';

type Kind = GameDay['timeline'][number]['kind'];

/**
 * The record of a game day under way: on disk after each turning point, so that one that is killed is on record as
 * well.
 */
export class DayRecord {
  readonly day: GameDay;
  readonly path: string;
  readonly #now: () => number;
  readonly #told: (text: string) => void;

  constructor(
    head: Pick<
      GameDay,
      'version' | 'id' | 'team' | 'target' | 'harnessVersion' | 'commit' | 'seed' | 'overrides' | 'startedAtEpochMs'
    >,
    { folder, nowEpochMs, told }: { folder: string; nowEpochMs: () => number; told: (text: string) => void },
  ) {
    this.path = join(folder, GAME_DAY_FILE);
    this.#now = nowEpochMs;
    this.#told = told;
    this.day = {
      ...head,
      endedAtEpochMs: null,
      outcome: 'under way',
      drill: null,
      times: { ...NO_TIMES },
      falseAlarms: 0,
      runbook: null,
      decisions: [],
      timeline: [],
      rounds: 0,
      money: null,
      moneyUnread: null,
      teardown: null,
      aims: [],
      notUndone: [],
    };
  }

  /** Notes what happened; people are shown it unless it is not for them (yet). */
  note(kind: Kind, text: string, shown = true): void {
    // What a page showed its user, or somebody typed, may be private.
    const said = harmless(redaction().text(text));
    this.day.timeline.push({ atEpochMs: this.#now(), kind, text: said });
    if (shown) this.#told(said);
    this.save();
  }

  /** Notes when a turning point came, once. */
  reached(point: keyof GameDayTimes, atEpochMs = this.#now()): void {
    this.day.times[point] ??= atEpochMs;
    this.save();
  }

  decided(decision: GameDayDecision): GameDay['decisions'][number] {
    const entry: GameDay['decisions'][number] = { decision, atEpochMs: this.#now(), doneAtEpochMs: null };
    this.day.decisions.push(entry);
    this.day.times.decision ??= entry.atEpochMs;
    this.note('team', `decided: ${decisionText(decision)}`, false);
    return entry;
  }

  /** Throws J_REPORTS_UNWRITABLE. */
  save(): void {
    writeRunFile(this.path, redaction().value(this.day));
  }
}
