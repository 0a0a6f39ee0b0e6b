/**
 * Entries by name, of which only so many are kept: those whose names come first. Names that a target or a journey
 * makes up without end cannot fill the memory, and which ones are kept does not depend on the order in which they
 * came.
 */
export class LeastNames<T> {
  readonly #most: number;
  readonly #make: () => T;
  readonly #entries = new Map<string, T>();
  /** Names from here on were cut already: as many as are kept come before them. */
  #limit: string | null = null;

  constructor(most: number, make: () => T) {
    this.#most = most;
    this.#make = make;
  }

  /** Whether some were left out. */
  get cut(): boolean {
    return this.#limit !== null || this.#entries.size > this.#most;
  }

  /** Returns the entry of a name; null for one that will not be kept. */
  at(name: string): T | null {
    const found = this.#entries.get(name);
    if (found !== undefined) return found;
    if (this.#limit !== null && name >= this.#limit) return null;
    const made = this.#make();
    this.#entries.set(name, made);
    // Cut now and then only: sorting at each new name would take far too long.
    if (this.#entries.size > 2 * this.#most) this.#trim();
    return made;
  }

  /** Returns what is kept, by name. */
  entries(): [string, T][] {
    this.#trim();
    return [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #trim(): void {
    if (this.#entries.size <= this.#most) return;
    const names = [...this.#entries.keys()].sort();
    this.#limit = names[this.#most] ?? null;
    for (const name of names.slice(this.#most)) this.#entries.delete(name);
  }
}
