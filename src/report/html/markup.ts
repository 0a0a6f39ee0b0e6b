import { harmless } from '../text.ts';

/**
 * HTML with everything from outside as text. Written here rather than taken from a template engine: the whole of it is one
 * function, and with a symbol for a key nothing that was read from a file can pass for markup.
 */
const MARKUP = Symbol('markup');

export interface Markup { readonly [MARKUP]: string }

/** What may stand in a template: markup as it is, all else as text; null, undefined and false are nothing. */
export type Part = Markup | string | number | null | undefined | false | readonly Part[];

const SIGNS: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' };

/** Returns text for an element or a quoted attribute: one harmless line, nothing in it is markup. */
export function escaped(text: string): string {
  return harmless(text).replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? '');
}

/** Takes text for markup as it stands: charts and style sheets of our own making only. */
export function trusted(text: string): Markup {
  return { [MARKUP]: text };
}

/** Tag of template literals that returns markup; attributes must stand in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return trusted(strings.reduce((sum, string, index) => sum + textOf(parts[index - 1]) + string));
}

/** Returns markup as a string. */
export function textOf(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escaped(part);
  if (isList(part)) return part.map(textOf).join('');
  return part[MARKUP];
}

function isList(part: Markup | readonly Part[]): part is readonly Part[] {
  return Array.isArray(part);
}
