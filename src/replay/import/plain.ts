const LONGEST = 100;
const LONGEST_WORD = 24;
/** `SEO`, `mp3`: longer ones are codes, not words. */
const LONGEST_SHORT = 6;
/** `3d`, `top-10`: more in a row, or more of them, may be an address, or a number of something or somebody. */
const DIGITS_IN_A_ROW = 2;
const NUMBERS = 2;
/**
 * Words in small letters, or with a capital at their start; short ones in capitals, and with digits before or behind.
 */
const WORD = /^(?:[\p{Ll}\p{Lo}\p{M}]*|\p{Lu}[\p{Ll}\p{M}]*|\d+)$/u;
const SHORT = /^\d*(?:[\p{Ll}\p{M}]+|\p{Lu}[\p{Ll}\p{M}]*|\p{Lu}+)\d*$/u;
/** Eight letters from a to f are no word of any language that anybody would name a page by. */
const HEXADECIMAL = /^[0-9a-f]{8,}$/i;

/**
 * Returns whether a text looks like plain words with dashes, underscores, dots or spaces between them, and not like a
 * number, an address, a key or an id of anything: those have digits, mixed case, or signs in them.
 */
export function isPlain(text: string): boolean {
  if (text === '' || text.length > LONGEST) return false;
  const numbers = text.match(/\d+/g) ?? [];
  if (numbers.length > NUMBERS || numbers.some((number) => number.length > DIGITS_IN_A_ROW)) return false;
  if (HEXADECIMAL.test(text.replace(/[-_. ]/g, ''))) return false;
  const words = text.split(/[-_. ]/);
  return words.some((word) => /\p{L}/u.test(word)) && words.every((word) =>
    word.length <= LONGEST_WORD && WORD.test(word) || word.length <= LONGEST_SHORT && SHORT.test(word));
}

/** Returns a text with its percent signs resolved once; null where they are wrong. */
export function decoded(text: string): string | null {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
