/**
 * What stands for one character in JSON (also inside of JSON), in addresses (encoded once or many times) and in HTML. In addresses
 * ASCII alone: of other characters, one byte means nothing.
 */
const ESCAPE = /\\{1,8}(?:u([0-9a-f]{4})|([bfnrt"/]))|%(?:25)*(0[9ad]|[2-7][0-9a-f])|&(?:#(\d{1,5})|#x([0-9a-f]{1,4})|(amp|apos|commat|gt|lt|quot));/gi;
const ENTITIES: Record<string, string> = { amp: '&', apos: '\'', commat: '@', gt: '>', lt: '<', quot: '"' };

type Part = string | undefined;

/** A text as it is meant. */
export interface Unescaped {
  text: string;
  /** Returns where a stretch of it, of at least one character, stands in the text as it is written. */
  written: (from: number, to: number) => [from: number, to: number];
}

/**
 * Returns a text as it is meant, null where it is written so: in `\nada@firma.de` the letter before the name is no part of it, and
 * `%3D4539…` is no longer number.
 */
export function unescaped(text: string): Unescaped | null {
  if (!/[\\%&]/.test(text)) return null;
  /** Of each escape, in order: where its character stands in the text as it is meant, and where it ends as it is written. */
  const at: number[] = [];
  const ends: number[] = [];
  let saved = 0;
  const take = (whole: string, unicode: Part, control: Part, percent: Part, decimal: Part, hex: Part, entity: Part, index: number): string => {
    at.push(index - saved);
    ends.push(index + whole.length);
    saved += whole.length - 1;
    if (entity !== undefined) return ENTITIES[entity.toLowerCase()] ?? ' ';
    if (control !== undefined) return /["/]/.test(control) ? control : '\n';
    return String.fromCharCode(decimal === undefined ? Number.parseInt(unicode ?? percent ?? hex ?? '', 16) : Number(decimal));
  };
  const meant = text.replace(ESCAPE, take);
  if (at.length === 0) return null;
  /** Where a character begins and ends as it is written. */
  const place = (index: number): [from: number, to: number] => {
    const count = before(at, index);
    const from = count === 0 ? index : (ends[count - 1] ?? 0) + index - (at[count - 1] ?? 0) - 1;
    return [from, at[count] === index ? (ends[count] ?? from + 1) : from + 1];
  };
  return { text: meant, written: (from, to) => [place(from)[0], place(to - 1)[1]] };
}

/** Returns a text without its escapes. */
export function asMeant(text: string): string {
  return unescaped(text)?.text ?? text;
}

/** Returns how many of these numbers, which rise, are smaller. */
function before(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
