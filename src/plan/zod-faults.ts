import type { z } from 'zod';
import type { Fault } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { visible } from './yaml.ts';
import type { YamlFile, YamlPath } from './yaml.ts';

type Issue = z.core.$ZodIssue;

const KIND_NAMES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a set of "key: value" lines',
};

/** True for what YAML calls a mapping and JSON an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns a value as a message shows it: short, on one line. A YAML alias can make a value contain itself. */
export function shown(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    text = 'a value that contains itself';
  }
  text = visible(text);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function valueAt(root: unknown, path: YamlPath): unknown {
  let at = root;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}

function bound(issue: Issue & { code: 'too_small' | 'too_big' }): string {
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  if (issue.origin === 'array' || issue.origin === 'string') {
    if (limit === 1 && issue.code === 'too_small') return 'must not be empty';
    const things = issue.origin === 'array' ? 'entries' : 'characters';
    return `must have ${issue.code === 'too_small' ? 'at least' : 'at most'} ${limit} ${things}`;
  }
  if (issue.code === 'too_small') return issue.inclusive ? `must be at least ${limit}` : `must be more than ${limit}`;
  return issue.inclusive ? `must be at most ${limit}` : `must be less than ${limit}`;
}

function message(issue: Issue, value: unknown): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'has no value';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KIND_NAMES[issue.expected] ?? issue.expected}, not ${shown(value)}`;
    case 'invalid_value': {
      const allowed = issue.values.map((one) => shown(one)).join(', ');
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${allowed}, not ${shown(value)}`;
    }
    case 'too_small':
    case 'too_big':
      return `${bound(issue)}, not ${shown(value)}`;
    case 'invalid_format':
      return `must be ${issue.message}, not ${shown(value)}`;
    default:
      return issue.message;
  }
}

/**
 * Returns one fault for each issue that zod found at `base` of a file, in plain words, each at its line.
 * `knownKeys` are the keys allowed there, for the hint at an unknown one.
 */
export function zodFaults(
  file: YamlFile,
  issues: readonly Issue[],
  base: YamlPath,
  knownKeys: readonly string[],
): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        where: file.whereKey([...path, key]),
        message: 'is not a key here',
        hint: didYouMean(key, knownKeys),
      }));
    }
    // The key of a record, whose schema says in words what it must be.
    if (issue.code === 'invalid_key') {
      return [{ where: file.whereKey(path), message: `must be ${issue.issues[0]?.message ?? 'another name'}` }];
    }
    return [{ where: file.where(path), message: message(issue, valueAt(file.value, path)) }];
  });
}
