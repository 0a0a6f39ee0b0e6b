import { z } from 'zod';
import type { Fault } from '../errors.ts';
import type { Drill, JourneyExpectation } from '../model/index.ts';
import { duration, readMethod, words } from './drill-method.ts';
import type { YamlFile } from './yaml.ts';
import { isObject, shown, zodFaults } from './zod-faults.ts';

/** Fewer users than this before the fault tell nothing of a steady state. */
const LEAST_USERS = 5;

const SteadyState = z.strictObject({
  /** Per cent of the users before the fault that must end well. */
  success: z.number().gt(0).max(100).default(90),
  users: z.number().int().min(LEAST_USERS).default(LEAST_USERS),
});

/** What a file says of its drill, apart from its method, which has forms of its own. */
const Frame = z.strictObject({
  title: words,
  hypothesis: words,
  source: words,
  steady_state: SteadyState.prefault({}),
  method: z.unknown(),
  expect: z.strictObject({
    breaker: words.optional(),
    breaker_opens_within: duration.optional(),
    breaker_closes_within: duration.optional(),
    answers_within: duration.optional(),
    recovers_within: duration.optional(),
    requests_per_second: z.number().positive().optional(),
    journeys: z.record(z.string(), z.unknown()).default({}),
  }),
});
const KEYS = [Frame, Frame.shape.expect, SteadyState].flatMap((one) => Object.keys(one.shape));

const FORMS = 'must be "unaffected", "may fail", { degraded: "text" } or { may_degrade: "text" }';
const Told = z.union([z.strictObject({ degraded: words }), z.strictObject({ may_degrade: words })]);

/** A drill as its file says it, with the place of each action in it. */
export interface ReadDrill {
  drill: Drill;
  /** Of each action: `payments-down.yml:12:5 method[0]`. */
  actions: string[];
  /** Of anything else, by its path in the file. */
  file: YamlFile;
}

/** Returns the drill of a file, named as the file is, or null; with every fault of the file. */
export function readDrill(file: YamlFile, name: string): { read: ReadDrill | null; faults: Fault[] } {
  if (!isObject(file.value)) return { read: null, faults: [{ where: file.where([]), message: `must be a drill ("title:", "method:" and so on), not ${shown(file.value)}` }] };
  const frame = Frame.safeParse(file.value);
  const faults = frame.success ? [] : zodFaults(file, frame.error.issues, [], KEYS);
  const method = readMethod(file, file.value['method']);
  faults.push(...method.faults);
  const raw = isObject(file.value['expect']) ? file.value['expect']['journeys'] : undefined;
  const journeys = readJourneys(file, isObject(raw) ? raw : {});
  faults.push(...journeys.faults);
  if (!frame.success || faults.length > 0) return { read: null, faults };
  const { title, hypothesis, source, steady_state: steady, expect } = frame.data;
  const asksBreaker = expect.breaker_opens_within !== undefined || expect.breaker_closes_within !== undefined;
  const asksDependency = asksBreaker || expect.requests_per_second !== undefined;
  const drill: Drill = {
    name, title, hypothesis, source,
    phase: name,
    steadyState: { minSuccessPercent: steady.success, minUsers: steady.users },
    actions: method.actions,
    expect: {
      // With one dependency in the method there is no doubt whose breaker is meant.
      breaker: expect.breaker ?? (asksDependency ? onlyDependency(method.actions) : null),
      breakerOpensWithinS: expect.breaker_opens_within ?? null,
      breakerClosesWithinS: expect.breaker_closes_within ?? null,
      answersWithinS: expect.answers_within ?? null,
      recoversWithinS: expect.recovers_within ?? null,
      requestsPerSecondAtMost: expect.requests_per_second ?? null,
      journeys: journeys.expectations,
    },
  };
  return { read: { drill, actions: method.actions.map((_, index) => file.where(['method', index])), file }, faults: [] };
}

function onlyDependency(actions: Drill['actions']): string | null {
  const names = [...new Set(actions.flatMap((action) => ('dependency' in action ? [action.dependency] : [])))];
  return names.length === 1 ? (names[0] ?? null) : null;
}

function readJourneys(file: YamlFile, raw: Record<string, unknown>): { expectations: Record<string, JourneyExpectation>; faults: Fault[] } {
  const faults: Fault[] = [];
  const expectations = Object.entries(raw).flatMap(([journey, given]): [string, JourneyExpectation][] => {
    if (given === 'unaffected' || given === 'may fail') return [[journey, { kind: given }]];
    const told = Told.safeParse(given);
    if (!told.success) {
      faults.push({ where: file.where(['expect', 'journeys', journey]), message: `${FORMS}, not ${shown(given)}` });
      return [];
    }
    return [[journey, 'degraded' in told.data
      ? { kind: 'degraded', message: told.data.degraded } : { kind: 'may degrade', message: told.data.may_degrade }]];
  });
  return { expectations: Object.fromEntries(expectations), faults };
}
