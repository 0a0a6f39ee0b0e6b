import type { z } from 'zod';
import { TargetManifest, type ExpectedEnvironment, type ParityFinding } from '../../model/index.ts';
import type { Refusal } from './refusals.ts';

/** What a target said of itself, and whether it takes load tests. */
export interface ReadManifest {
  /** Null where it is no JSON object. */
  manifest: TargetManifest | null;
  /** Why no load test may go on, as the end of a sentence that begins with the target; null where nothing says so. */
  forbids: string | null;
}

const PARTS = TargetManifest.shape;
const PRODUCTION = /^(?:prod|production|live)$/i;
const SHOWN_VALUE = 60;
/** What somebody wrote for us, though it is no JSON object, and no page either: a comma too many must not open production. */
const MEANT = /^\s*\{|^[^<]*load[-_ ]?tests/i;

/**
 * Reads the text of `/.well-known/load-test.json`. A part that is not as agreed is left out, and is unknown then; but whoever
 * answers `loadTests` in words or spellings of their own means no, and so does a file that was meant as an answer and cannot be read.
 */
export function readManifestText(text: string): ReadManifest {
  const given = asObject(text);
  if (given === null) return { manifest: null, forbids: MEANT.test(text) ? 'serves a manifest that cannot be read' : null };
  const known = Object.entries(PARTS).flatMap(([name, schema]: [string, z.ZodType]) => {
    const parsed = schema.safeParse(Object.hasOwn(given, name) ? given[name] : undefined);
    return parsed.success && parsed.data !== undefined ? [[name, parsed.data] as const] : [];
  });
  const manifest = TargetManifest.parse(Object.fromEntries(known));
  return { manifest, forbids: forbidden(given, manifest) };
}

function asObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? value as Record<string, unknown> : null;
  } catch {
    return null;
  }
}

function forbidden(given: Record<string, unknown>, { loadTests, environment }: TargetManifest): string | null {
  if (loadTests === 'forbidden') return 'forbids load tests';
  if (loadTests === 'allowed') return null;
  const [word] = Object.keys(given).filter((name) => name.replace(/[-_ ]/g, '').toLowerCase() === 'loadtests');
  if (word !== undefined) {
    return `answers ${word.slice(0, SHOWN_VALUE)} with ${JSON.stringify(given[word]).slice(0, SHOWN_VALUE)}, which is not "loadTests": "allowed"`;
  }
  if (environment === undefined || !PRODUCTION.test(environment)) return null;
  return `says that it is the environment ${JSON.stringify(environment)}`;
}

/** Returns each expectation held against what the target said. What it did not say is unknown, and no match. */
export function compareEnvironment(expected: ExpectedEnvironment, manifest: TargetManifest | null): ParityFinding[] {
  const { environment, version, instances, flags, data } = expected;
  const finding = (what: string, wanted: string, actual: string | null, matches: boolean): ParityFinding =>
    ({ what, expected: wanted, actual, matches: actual !== null && matches });
  const count = (what: string, range: Range, value: number | null): ParityFinding =>
    finding(what, rangeText(range), value === null ? null : String(value), value !== null && isWithin(value, range));
  const said = manifest?.environment ?? null;
  const released = manifest?.version ?? null;
  return [
    ...(environment === undefined ? [] : [finding('environment', environment, said, said === environment)]),
    ...(version === undefined ? [] : [finding('version', version, released, matchesVersion(version, released ?? ''))]),
    ...(instances === undefined ? [] : [count('instances', instances, manifest?.instances ?? null)]),
    ...Object.entries(flags ?? {}).map(([name, value]) => {
      const actual = own(manifest?.flags, name);
      const shown = actual === null ? null : JSON.stringify(actual);
      return finding(`flags.${name}`, JSON.stringify(value), shown, actual === value);
    }),
    ...Object.entries(data ?? {}).map(([name, range]) => count(`data.${name}`, range, own(manifest?.data, name))),
  ];
}

interface Range {
  min?: number | undefined;
  max?: number | undefined;
}

/** A flag may be called "constructor". */
function own<T>(values: Readonly<Record<string, T>> | undefined, name: string): T | null {
  return values !== undefined && Object.hasOwn(values, name) ? (values[name] ?? null) : null;
}

function isWithin(value: number, { min = 0, max = Infinity }: Range): boolean {
  return value >= min && value <= max;
}

function matchesVersion(wanted: string, version: string): boolean {
  return wanted.endsWith('*') ? version.startsWith(wanted.slice(0, -1)) : version === wanted;
}

function rangeText({ min, max }: Range): string {
  if (min === max && min !== undefined) return String(min);
  const ends = [...(min === undefined ? [] : [`at least ${min}`]), ...(max === undefined ? [] : [`at most ${max}`])];
  return ends.length === 0 ? 'any number' : ends.join(', ');
}

/** Returns what is against an environment that is not as the plan expects it. */
export function parityRefusals(where: string, findings: readonly ParityFinding[]): Refusal[] {
  return findings.filter(({ matches }) => !matches).map(({ what, expected, actual }) => ({
    guard: 'parity', code: 'J_ENVIRONMENT_DIFFERS',
    fault: { where, message: `${what} should be ${expected}, and is ${actual ?? 'unknown: the target does not say'}` },
  }));
}
