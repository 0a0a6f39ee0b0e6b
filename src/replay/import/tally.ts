/** Shown of each reason. */
const EXAMPLES = 2;
const EXAMPLE_CHARACTERS = 72;

/** What was left out of an import, by why; documented in the fixture's header. */
export class Tally {
  /** Lines seen, blank ones and comments too; entries in a HAR recording. */
  lines = 0;
  /** Lines that are no requests: blank ones, comments, directives. */
  others = 0;
  readonly #left = new Map<string, { count: number; examples: string[] }>();

  /** Counts a line; `broken` is the line itself, of which the shape is kept. */
  leaveOut(why: string, broken?: string): void {
    let one = this.#left.get(why);
    if (!one) this.#left.set(why, (one = { count: 0, examples: [] }));
    one.count += 1;
    if (broken !== undefined && one.examples.length < EXAMPLES) one.examples.push(shapeOf(broken));
  }

  /** Returns what was left out, the most frequent first. */
  get leftOut(): { why: string; count: number; examples: readonly string[] }[] {
    return [...this.#left].map(([why, one]) => ({ why, ...one })).sort((a, b) => b.count - a.count);
  }

  /** Returns the counts as they stand in a header. */
  get skipped(): Record<string, number> {
    return Object.fromEntries(this.leftOut.map(({ why, count }) => [why, count]));
  }
}

/** Returns what a line looks like and not what it says: `999.99.9.9 - - [99/Aaa/9999 "AAA /aaaa`. */
export function shapeOf(line: string): string {
  const shape = line.slice(0, EXAMPLE_CHARACTERS)
    .replace(/\p{Lu}/gu, 'A')
    .replace(/[\p{L}\p{M}]/gu, (letter) => (letter === 'A' ? letter : 'a'))
    .replace(/\p{N}/gu, '9')
    .replace(/[^ -~]/g, '·');
  return line.length > EXAMPLE_CHARACTERS ? `${shape}…` : shape;
}
