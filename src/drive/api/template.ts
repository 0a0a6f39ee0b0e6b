/** A value that stands for `{{name}}`. */
export type Value = string | number | boolean;
/** Returns the value of a name; undefined where there is none. */
export type Lookup = (name: string) => Value | undefined;
/** The JSON that a request's body is. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A name without a value: the request that needs it cannot be sent. */
export class MissingValue extends Error {
  readonly placeholder: string;

  constructor(placeholder: string) {
    super(`no value for {{${placeholder}}}`);
    this.name = 'MissingValue';
    this.placeholder = placeholder;
  }
}

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;
const WHOLE = /^\{\{\s*([^{}]*?)\s*\}\}$/;

/** Returns the values' names that a text, or the texts within JSON, ask for. */
export function placeholders(json: Json): Set<string> {
  if (typeof json === 'string') return new Set([...json.matchAll(PLACEHOLDER)].map((match) => match[1] ?? ''));
  if (json === null || typeof json !== 'object') return new Set();
  const parts = Array.isArray(json) ? json : Object.entries(json).flat();
  return new Set(parts.flatMap((part) => [...placeholders(part)]));
}

/** Returns a text with its placeholders filled in as they are: for headers. Throws MissingValue. */
export function fillText(text: string, lookup: Lookup): string {
  return text.replace(PLACEHOLDER, (_, name: string) => String(found(name, lookup)));
}

/**
 * Returns a path or query string with its placeholders filled in, percent-encoded: a value can add no segment and no
 * parameter. Of what the plan itself has written, only what no address may hold is encoded. Throws MissingValue.
 */
export function fillAddress(text: string, lookup: Lookup): string {
  const filled = text.replace(PLACEHOLDER, (_, name: string) => encodeURIComponent(String(found(name, lookup)).toWellFormed()));
  return filled.toWellFormed().replace(/[^\x21-\x7e]+|[<>"{}|\\^`]+/g, (part) => encodeURIComponent(part));
}

/**
 * Returns a body with its placeholders filled in. A text that is one placeholder and nothing else becomes the value with its
 * own type, so that an amount stays a number. Throws MissingValue.
 */
export function fillJson(json: Json, lookup: Lookup): Json {
  if (typeof json === 'string') {
    const whole = WHOLE.exec(json);
    return whole ? found(whole[1] ?? '', lookup) : fillText(json, lookup);
  }
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map((part) => fillJson(part, lookup));
  return Object.fromEntries(Object.entries(json).map(([key, part]) => [fillText(key, lookup), fillJson(part, lookup)]));
}

function found(name: string, lookup: Lookup): Value {
  const value = lookup(name);
  if (value === undefined) throw new MissingValue(name);
  return value;
}

/**
 * Returns the value at a dotted path of an answer (`project.id`, `items.0.id`); undefined where there is none, and where it
 * is empty, an object or a list, which no later request could send.
 */
export function capturedValue(answer: unknown, path: string): Value | undefined {
  let at: unknown = answer;
  for (const key of path.split('.')) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return (typeof at === 'string' && at !== '') || typeof at === 'number' || typeof at === 'boolean' ? at : undefined;
}
