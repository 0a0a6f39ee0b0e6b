import type { KeyedHash } from './keyed-hash.ts';
import { decoded, isPlain } from './plain.ts';

/** Pages that are public, as a pattern: `/find/:slug`, `/search?q&skill`. */
export interface Keep {
  /** The path alone, as the header of the fixture names it. */
  text: string;
  /** Null for a parameter. */
  segments: (string | null)[];
  /** Parameters of the query whose names are public. */
  names: ReadonlySet<string>;
}

const SEGMENT = /^[\w.~-]+$/;
const NAME = /^[\w.-]+$/;

/** Returns a pattern; null for what is none. */
export function parseKeep(text: string): Keep | null {
  const [path = '', ...queries] = text.split('?');
  const names = (queries[0] ?? '').split('&').filter((name) => name !== '');
  if (!path.startsWith('/') || queries.length > 1 || !names.every((name) => NAME.test(name))) return null;
  const segments = segmentsOf(path);
  const sound = segments.every((segment) => SEGMENT.test(segment.replace(/^:/, '')));
  if (!sound) return null;
  return { text: path, segments: segments.map((one) => (one.startsWith(':') ? null : one)), names: new Set(names) };
}

/** Deeper ones are hashed as one. */
const MOST_SEGMENTS = 8;
/** Further parameters are left out. */
const MOST_PARAMETERS = 10;
const LONG = 64;
/** Stands before a hash: no page of a site begins so. */
const HASHED = '~';

/** Names that many sites use, and that say nothing of anybody. */
const COMMON_NAMES = new Set([
  'q', 'query', 'search', 's', 'term', 'keyword', 'page', 'p', 'sort', 'order', 'filter', 'category', 'tag', 'lang',
  'limit', 'offset', 'per_page', 'ref', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'gclid',
  'fbclid', 'msclkid',
]);

function segmentsOf(path: string): string[] {
  const inner = path.replace(/^\//, '').replace(/\/$/, '');
  return inner === '' ? [] : inner.split('/');
}

export interface PathRules {
  keeps: readonly Keep[];
  /** Values of the query that may stay, as `termOf` writes them. */
  terms: ReadonlySet<string>;
  hash: KeyedHash;
}

/**
 * Returns path and query without anything that tells who asked, or for what. Words stay where a pattern names them as
 * public and the page was there (`found`): what is asked for and not found may be any text that somebody typed.
 */
export function anonymousPath(target: string, found: boolean, rules: PathRules): string {
  const bare = target.split('#', 1)[0] as string;
  const mark = bare.indexOf('?');
  const path = mark === -1 ? bare : bare.slice(0, mark);
  const segments = segmentsOf(path);
  const keep = found ? rules.keeps.find((one) => fits(one, segments)) : undefined;
  const kept = keep ? keptOf(keep, segments) : null;
  const query = mark === -1 ? '' : anonymousQuery(bare.slice(mark + 1), kept ? keep?.names : undefined, rules);
  const parts = kept ?? hashedOf(segments, rules.hash);
  return `/${parts.join('/')}${parts.length > 0 && path.endsWith('/') ? '/' : ''}${query}`;
}

/**
 * The path as its pattern has it, with the words in it; null where one of them is no plain word, so that nothing is
 * kept.
 */
function keptOf(keep: Keep, segments: readonly string[]): string[] | null {
  const parts: string[] = [];
  for (const [index, literal] of keep.segments.entries()) {
    const plain = literal ?? decoded(withoutMatrix(segments[index] as string));
    if (plain === null || literal === null && !isPlain(plain)) return null;
    parts.push(literal ?? encodeURIComponent(plain));
  }
  return parts;
}

/** As many parts as the path has, so that its shape is left; those of a very deep one end in one for the rest of it. */
function hashedOf(segments: readonly string[], hash: KeyedHash): string[] {
  const first = segments.slice(0, MOST_SEGMENTS).map(withoutMatrix);
  const rest = segments.length > MOST_SEGMENTS ? [segments.slice(MOST_SEGMENTS).join('/')] : [];
  return [...first, ...rest].map((segment) => (segment === '' ? '' : HASHED + hash('path', segment)));
}

/** `name;jsessionid=…`: parameters of a segment are about the visitor, not the page. */
function withoutMatrix(segment: string): string {
  return segment.split(';', 1)[0] as string;
}

function fits({ segments }: Keep, asked: readonly string[]): boolean {
  if (segments.length !== asked.length) return false;
  return segments.every((literal, index) => {
    const own = withoutMatrix(asked[index] as string);
    return literal === null ? own !== '' : literal === own;
  });
}

function anonymousQuery(
  query: string, names: ReadonlySet<string> | undefined, { terms, hash }: PathRules,
): string {
  const parts = query.split('&', MOST_PARAMETERS).filter((part) => part !== '').map((part) => {
    const equals = part.indexOf('=');
    const name = equals === -1 ? part : part.slice(0, equals);
    const kept = COMMON_NAMES.has(name) || names?.has(name) ? name : HASHED + hash('name', name);
    if (equals === -1) return kept;
    const value = decoded(part.slice(equals + 1).replaceAll('+', ' '));
    const term = value === null ? null : termOf(value);
    return `${kept}=${term !== null && terms.has(term) ? encodeURIComponent(term) : classOf(value)}`;
  });
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** Returns a search term as it is compared with the allowed ones: in lower case, with single spaces. */
export function termOf(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** Returns the class of a query's value: all that is kept of one that is not allowed. */
export function classOf(value: string | null): string {
  if (value === null) return 'other';
  const text = value.trim();
  if (text === '') return 'empty';
  if (text.length > LONG) return 'long';
  if (/^[+-]?\d+(?:[.,]\d+)?$/.test(text)) return 'number';
  if (/^\d{4}-\d\d(?:-\d\d)?(?:[T ][\d:.]+Z?)?$/.test(text)) return 'date';
  if (/^[\p{L}\p{M}'’-]+$/u.test(text)) return 'word';
  return /^[\p{L}\p{M}'’ -]+$/u.test(text) ? 'words' : 'other';
}
