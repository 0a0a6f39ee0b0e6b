/** A JSON Schema, as far as ours go. */
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  prefixItems?: Schema[];
  additionalProperties?: Schema | boolean;
}

/**
 * Returns how `after` breaks what `before` promised to readers, a sentence each; empty where it does not. A reader of
 * the old schema must find what it knows: nothing is taken away, what was always there still is, and no value comes that
 * could not come before, null among them. New fields, and new kinds of things in a list, are no break.
 */
export function brokenPromises(before: Schema, after: Schema): string[] {
  return compare(before, after, { before, after, path: '', under: new Set() });
}

interface Place {
  before: Schema;
  after: Schema;
  path: string;
  /** Definitions that are being looked at: a schema may hold itself. */
  under: ReadonlySet<string>;
}

function compare(beforeHere: Schema, afterHere: Schema, place: Place): string[] {
  const { path } = place;
  const pair = `${beforeHere.$ref ?? ''} ${afterHere.$ref ?? ''}`;
  if (pair !== ' ' && place.under.has(pair)) return [];
  const inside: Place = { ...place, under: new Set([...place.under, pair]) };
  const before = kinds(beforeHere, place.before);
  const after = kinds(afterHere, place.after);
  const name = path === '' ? 'the record' : path;
  const broken: string[] = [];
  for (const value of after.values) {
    if (before.isOpenTo(value)) continue;
    broken.push(`${name} may now be ${value}`);
  }
  for (const one of before.structures) {
    const candidates = after.structures.map((other) => structure(one, other, inside));
    const best = candidates.sort((a, b) => a.length - b.length)[0];
    if (best === undefined) broken.push(`${name} is no longer there as it was`);
    else broken.push(...best);
  }
  if (before.structures.length === 0 && after.structures.length > 0 && !before.anything) {
    broken.push(`${name} may now be an object or a list`);
  }
  return broken;
}

function structure(before: Schema, after: Schema, place: Place): string[] {
  const at = (key: string): Place => ({ ...place, path: place.path === '' ? key : `${place.path}.${key}` });
  const broken: string[] = [];
  if (typeOf(before) !== typeOf(after)) return [`${place.path} is no longer of type ${String(typeOf(before))}`, '…'];
  for (const [key, schema] of Object.entries(before.properties ?? {})) {
    const kept = after.properties?.[key];
    if (kept === undefined) broken.push(`${at(key).path} was taken away`);
    else broken.push(...compare(schema, kept, at(key)));
    if (kept !== undefined && before.required?.includes(key) && !after.required?.includes(key)) {
      broken.push(`${at(key).path} is not always there any more`);
    }
  }
  if (before.items && after.items) broken.push(...compare(before.items, after.items, at('[]')));
  before.prefixItems?.forEach((schema, index) => {
    const kept = after.prefixItems?.[index];
    if (kept === undefined) broken.push(`${at(`[${index}]`).path} was taken away`);
    else broken.push(...compare(schema, kept, at(`[${index}]`)));
  });
  if (typeof before.additionalProperties === 'object' && typeof after.additionalProperties === 'object') {
    broken.push(...compare(before.additionalProperties, after.additionalProperties, at('*')));
  }
  return broken;
}

interface Kinds {
  /** What simple values may come: types, or exact values. */
  values: string[];
  /** Whether this simple value, or type, could come. */
  isOpenTo: (value: string) => boolean;
  /** Objects and lists. */
  structures: Schema[];
  /** True where the schema says nothing. */
  anything: boolean;
}

/** What may stand at one place, alternatives side by side. */
function kinds(schema: Schema, root: Schema): Kinds {
  const parts = alternatives(schema, root);
  const structures = parts.filter((part) => ['object', 'array'].includes(typeOf(part) ?? ''));
  const simple = parts.filter((part) => !structures.includes(part));
  const values = simple.flatMap((part) => {
    if ('const' in part) return [JSON.stringify(part.const)];
    if (part.enum) return part.enum.map((value) => JSON.stringify(value));
    return part.type === undefined ? [] : [part.type].flat();
  });
  const anything = simple.some((part) => part.type === undefined && part.enum === undefined && !('const' in part));
  const types = new Set(values);
  const isOpenTo = (value: string): boolean => {
    const whole = value === 'integer' || /^-?\d+$/.test(value);
    const general = value.startsWith('"') ? 'string' : whole ? 'number' : value;
    return anything || types.has(value) || types.has(general) || (/^-?\d+$/.test(value) && types.has('integer'));
  };
  return { values, isOpenTo, structures, anything };
}

function alternatives(schema: Schema, root: Schema): Schema[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/$defs/', '');
    const target = schema.$ref === '#' ? root : root.$defs?.[name];
    return target === undefined ? [] : alternatives(target, root);
  }
  const several = schema.anyOf ?? schema.oneOf;
  return several ? several.flatMap((one) => alternatives(one, root)) : [schema];
}

function typeOf({ type }: Schema): string | undefined {
  return typeof type === 'string' ? type : undefined;
}
