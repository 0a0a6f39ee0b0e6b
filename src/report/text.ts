import { stripVTControlCharacters } from 'node:util';

/** Wide on a terminal: East Asian scripts and pictographs take two cells. */
const WIDE = new RegExp(
  String.raw`[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]` +
    String.raw`|\p{Emoji_Presentation}`,
  'u',
);
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Returns text from outside as one harmless line: no terminal sequences, control characters, line breaks, or marks that
 * turn the reading direction. A journey's name must not be able to paint a green GO.
 */
export function harmless(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\s\u2028\u2029]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, '\ufffd')
    .trim();
}

/** Returns the number of terminal cells a line takes, terminal sequences not counted. */
export function cells(text: string): number {
  let sum = 0;
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text))) sum += WIDE.test(segment) ? 2 : 1;
  return sum;
}

/** Returns the text cut to a number of cells, with an ellipsis where something is missing. */
export function cut(text: string, width: number): string {
  if (cells(text) <= width) return text;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    if (cells(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** Returns the text cut in its middle: a third of the width from its front, the rest from its end. */
export function cutMiddle(text: string, width: number): string {
  if (cells(text) <= width) return text;
  const segments = [...graphemes.segment(text)].map(({ segment }) => segment);
  let end = '';
  const front = cut(text, Math.max(2, Math.floor(width / 3)));
  for (const segment of segments.reverse()) {
    if (cells(front) + cells(segment + end) > width) break;
    end = segment + end;
  }
  return front + end;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cells(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - cells(text))) + text;
}

/** Spaces at which a line may end: none between a figure and its unit, nor behind a sign of comparison. */
const BREAKS = /(?<![≤≥<>]) (?!(?<=\d )(?:%|ms|s|min|h|B|[KMG]i?B)(?![\p{L}\d]))/u;

/** Returns the words of a text in lines of at most `width` cells; figures stay together with their units. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(BREAKS)) {
    const last = lines.at(-1);
    if (last !== undefined && cells(last) + 1 + cells(word) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(cut(word, width));
  }
  return lines;
}

/** Returns a limit exactly as it was written, with thousands separators and its unit. */
export function exact(value: number, unit: string): string {
  const text = value.toLocaleString('en-US', { maximumFractionDigits: 9 });
  return unit === 'score' ? text : `${text} ${unit}`;
}

/** Returns `1 gate` or `2,140 gates`. */
export function counted(value: number, one: string): string {
  return `${count(value)} ${value === 1 ? one : `${one}s`}`;
}

/** Returns a count with thousands separators: `2,140`. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/**
 * Returns a value as precise as its unit deserves: whole milliseconds, below one two digits, so that nothing measured reads as
 * nothing; shares to two digits that say something, else three.
 */
export function amount(value: number, unit: string): string {
  if (unit === 'ms') return Math.abs(value) < 1 ? plain(value, 2) : count(Math.round(value));
  if (unit === 'score') return String(Number(value.toFixed(3)));
  // Hundreds are whole; a tiny figure keeps the digits that say something.
  if (unit !== '%') return Math.abs(value) >= 100 ? count(Math.round(value)) : plain(value);
  if (value === 0 || value === 100) return String(value);
  const distance = Math.min(Math.abs(value), Math.abs(100 - value));
  const digits = distance >= 1 ? 1 : Math.min(6, 1 - Math.floor(Math.log10(distance)));
  return String(Number(value.toFixed(digits)));
}

/** Few digits without an exponent: 0.0000123 stays readable as such. */
function plain(value: number, digits = 3): string {
  return Number(value.toPrecision(digits)).toLocaleString('en-US', { maximumFractionDigits: 12 });
}

/** Returns a value with its unit; a score has none. */
export function withUnit(value: number, unit: string): string {
  return unit === 'score' ? amount(value, unit) : `${amount(value, unit)} ${unit}`;
}
