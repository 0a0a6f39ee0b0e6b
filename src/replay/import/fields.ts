const QUOTE = '"';

/**
 * The fields of a line, with spaces between them; those that hold spaces are in quotes, with `\"` for a quote in them.
 */
export class Fields {
  readonly #line: string;
  #at: number;

  constructor(line: string, from: number) {
    this.#line = line;
    this.#at = from;
  }

  /**
   * Returns the next field without its quotes, escapes as they are; null where there is none, or its end is missing.
   */
  next(): string | null {
    const line = this.#line;
    let from = this.#at;
    while (line.charAt(from) === ' ') from += 1;
    if (from >= line.length) return null;
    if (line.charAt(from) !== QUOTE) {
      const end = line.indexOf(' ', from);
      this.#at = end === -1 ? line.length : end;
      return line.slice(from, this.#at);
    }
    from += 1;
    for (let end = line.indexOf(QUOTE, from); end !== -1; end = line.indexOf(QUOTE, end + 1)) {
      let escapes = 0;
      while (line.charAt(end - 1 - escapes) === '\\') escapes += 1;
      if (escapes % 2 === 1) continue;
      this.#at = end + 1;
      return line.slice(from, end);
    }
    this.#at = line.length;
    return null;
  }
}
