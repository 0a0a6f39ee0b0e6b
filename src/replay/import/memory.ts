/** Then everything is forgotten: what is popular is there again at once, and to look for what is old costs more. */
const MOST = 10_000;
/** A longer text is worked out each time: many of them would take more memory than time. */
const MOST_CHARACTERS = 1_024;

/** Remembers what was worked out for the texts seen last: popular pages and busy visitors come again and again. */
export class Memory<T> {
  readonly #known = new Map<string, T>();

  of(text: string, work: (text: string) => T): T {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const value = work(text);
    if (text.length > MOST_CHARACTERS) return value;
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(copyOf(text), value);
    return value;
  }
}

/**
 * A piece of a line keeps the memory of all lines that were read with it. A text put together anew does not; this is
 * the fastest way to have V8 do so.
 */
function copyOf(text: string): string {
  return ` ${text}`.slice(1);
}
