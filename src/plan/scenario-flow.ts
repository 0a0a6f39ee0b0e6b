import type { Fault } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { MADE_VALUES, hasBrokenValue, isMade, valuesIn } from './scenario-values.ts';
import type { YamlFile, YamlPath } from './yaml.ts';

/** The parts of a request that can hold values. */
interface Texts {
  path: string;
  params: readonly string[];
  body?: unknown;
}

/**
 * Returns the names that a request captures for those after it. Looks at the raw request, so that one with a fault elsewhere
 * does not make all those after it look wrong.
 */
export function capturedBy(raw: unknown): string[] {
  const { capture } = (raw ?? {}) as { capture?: unknown };
  return typeof capture === 'object' && capture !== null ? Object.keys(capture) : [];
}

/** Returns a fault for each value in a text that nothing provides: `known` are captured, `ofUsers` only a session brings. */
export function textFaults(
  file: YamlFile, text: string, place: YamlPath, known: readonly string[], ofUsers: readonly string[] = [],
): Fault[] {
  const unknown = [...new Set(valuesIn(text))].filter((name) => !known.includes(name) && !isMade(name));
  const faults = unknown.map((name) => ({
    where: file.where(place),
    message: `nothing provides {{${name}}}`,
    hint: ofUsers.includes(name) ? 'a value of the user: add "session": true' : didYouMean(name, [...known, ...MADE_VALUES]),
  }));
  if (!hasBrokenValue(text)) return faults;
  return [...faults, { where: file.where(place), message: 'has {{ without a name and }}', hint: 'a value is written {{name}}' }];
}

/** The same for all texts of a request. */
export function requestFaults(
  file: YamlFile, { path, params, body }: Texts, place: YamlPath, known: readonly string[], ofUsers: readonly string[],
): Fault[] {
  const texts: [text: string, place: YamlPath][] = [
    [path, [...place, 'path']],
    ...params.map((param, index): [string, YamlPath] => [param, [...place, 'params', index]]),
    ...textsInside(body, [...place, 'body']),
  ];
  return texts.flatMap(([text, at]) => (text.includes('{{') ? textFaults(file, text, at, known, ofUsers) : []));
}

function textsInside(value: unknown, place: YamlPath): [text: string, place: YamlPath][] {
  if (typeof value === 'string') return [[value, place]];
  if (Array.isArray(value)) return value.flatMap((one, index) => textsInside(one, [...place, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => textsInside(one, [...place, key]));
}
