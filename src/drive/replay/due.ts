interface Due { phase: number; offsetMs: number }

/**
 * Deals out what is due, phase by phase. What a phase did not come to before another began is not sent any more: the
 * traffic's clock goes by the phases. Reads no clock.
 */
export class DueList<T extends Due> {
  readonly #list: readonly T[];
  #next = 0;
  #phase: { index: number; beginMs: number } | null = null;

  /** `list` in the order in which its entries are due. */
  constructor(list: readonly T[]) {
    this.#list = list;
  }

  /** A phase begins; null for one in which nothing is due. */
  begin(phase: { index: number; beginMs: number } | null): void {
    this.#phase = phase;
    if (phase === null) return;
    while ((this.#list[this.#next]?.phase ?? Infinity) < phase.index) this.#next += 1;
  }

  /** When the next entry is due, on the clock of `beginMs`; null where nothing more is in this phase. */
  get nextMs(): number | null {
    const next = this.#list[this.#next];
    return next === undefined || this.#phase === null || next.phase !== this.#phase.index ? null : this.#phase.beginMs + next.offsetMs;
  }

  /** Hands over everything that is due by a time, in order. */
  run(nowMs: number, due: (entry: T, dueMs: number) => void): void {
    for (let atMs = this.nextMs; atMs !== null && atMs <= nowMs; atMs = this.nextMs) {
      const entry = this.#list[this.#next] as T;
      this.#next += 1;
      due(entry, atMs);
    }
  }
}
