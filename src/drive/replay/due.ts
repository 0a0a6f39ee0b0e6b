interface Due { phase: number; offsetMs: number }

/** A phase that has begun, and what of it is still due: places in the list. */
interface Begun { beginMs: number; next: number; end: number }

/**
 * Deals out what is due, phase by phase. A phase may begin a little late, when the sender is ready: then its last entries are
 * due after the next has begun, and keep their times. Reads no clock.
 */
export class DueList<T extends Due> {
  readonly #list: readonly T[];
  #begun: Begun[] = [];

  /** `list` in the order in which its entries are due. */
  constructor(list: readonly T[]) {
    this.#list = list;
  }

  /** A phase begins, or will. */
  begin(phase: number, beginMs: number): void {
    const next = this.#list.findIndex((entry) => entry.phase === phase);
    if (next === -1) return;
    const after = this.#list.findIndex((entry) => entry.phase > phase);
    this.#begun.push({ beginMs, next, end: after === -1 ? this.#list.length : after });
  }

  /** Nothing more is due. */
  end(): void {
    this.#begun = [];
  }

  /** When the next entry of a phase that has begun is due, on the clock of `beginMs`; null where there is none. */
  get nextMs(): number | null {
    const first = this.#first();
    return first === null ? null : first.atMs;
  }

  /** Hands over everything that is due by a time, in order. */
  run(nowMs: number, due: (entry: T, dueMs: number) => void): void {
    for (let first = this.#first(); first !== null && first.atMs <= nowMs; first = this.#first()) {
      const { begun, atMs } = first;
      const entry = this.#list[begun.next] as T;
      begun.next += 1;
      if (begun.next === begun.end) this.#begun = this.#begun.filter((one) => one !== begun);
      due(entry, atMs);
    }
  }

  #first(): { begun: Begun; atMs: number } | null {
    let first: { begun: Begun; atMs: number } | null = null;
    for (const begun of this.#begun) {
      const atMs = begun.beginMs + (this.#list[begun.next]?.offsetMs ?? 0);
      if (first === null || atMs < first.atMs) first = { begun, atMs };
    }
    return first;
  }
}
