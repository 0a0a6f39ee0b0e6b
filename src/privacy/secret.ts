import type { Detector } from './hit.ts';

/** Shorter values ("yes", a port, a first name) stand everywhere, and mean anything. */
const SHORTEST_SECRET = 6;
/** A word or a number (`signup`, `120000`) means something else in a run: masked, it would take a journey's name away. */
const WORD_OR_NUMBER = /^(?:[A-Za-z]?[a-z]+|[A-Z]+|\d+)$/;
/** Of these, part of a longer word is another word. */
const WHOLE_WORD_BELOW = 12;
/** Part of an encoded value that is shorter could stand there by chance. */
const SHORTEST_ENCODED = 10;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Returns how a value is written in files: as it is, in JSON, HTML and addresses, and inside of base64. */
export function formsOf(value: string): string[] {
  const inside = [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.from('\0'.repeat(offset) + value);
    // Characters that carry bits of what stands before or behind the value are nobody's.
    const core = bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
    return core.length < SHORTEST_ENCODED ? [] : [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const html = value.replace(/[&<>"']/g, (one) => entities[one] ?? one);
  const url = encodeURIComponent(value);
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  const lowerCase = url.replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase());
  return [...new Set([value, JSON.stringify(value).slice(1, -1), html, url, lowerCase, encodeURI(value), form, ...inside])];
}

function patternOf(form: string): string {
  const escaped = form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return form.length < WHOLE_WORD_BELOW && /^[A-Za-z0-9]+$/.test(form) ? `(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9])` : escaped;
}

/** Returns whether a value can be told from other text. */
export function canBeTold(value: string): boolean {
  return value.length >= WHOLE_WORD_BELOW || (value.length >= SHORTEST_SECRET && !WORD_OR_NUMBER.test(value));
}

/** Returns what finds these values, in every form; null where none can be told from other text. */
export function knownSecrets(values: readonly string[]): Detector | null {
  const known = [...new Set(values.filter(canBeTold))];
  if (known.length === 0) return null;
  // The longest first: one value may be part of another.
  const source = known.flatMap(formsOf).toSorted((a, b) => b.length - a.length).map(patternOf).join('|');
  const pattern = new RegExp(source, 'g');
  return {
    hint: source,
    find: (text) => Array.from(text.matchAll(pattern), ({ 0: whole, index }) => ({ kind: 'secret', from: index, to: index + whole.length })),
  };
}
