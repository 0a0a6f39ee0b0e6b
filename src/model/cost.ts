import type { CostRules } from './kpi.ts';

/** What one kind of thing costs over some time. */
export interface CostPart {
  /** `generator`, or a service. */
  name: string;
  /** Hours of one instance, all instances together. */
  instanceHours: number;
  cost: number;
  /** Share of the time for which the number of instances is known, 0 to 1; for the rest `basis` says what was taken. */
  knownShare: number;
  /** Where the number of instances comes from, in words. */
  basis: string;
}

export interface Cost {
  currency: string;
  total: number;
  /** The generator first, then the services as slo.yml orders them. */
  parts: CostPart[];
  overCeiling: boolean;
}

/** Adds up what a run costs as it goes on. */
export interface CostMeter {
  /** Takes a KPI's reading, in order of time; one that counts no instances, or has no value, is passed over. */
  add(kpi: string, tMs: number, value: number | null): void;
  /** Returns the cost from the run's start up to a time at or after the last reading. */
  at(elapsedMs: number): Cost;
}

const HOUR_MS = 3_600_000;
/** Taken where nothing has been read yet: what runs at all has one instance at least. */
const LEAST_INSTANCES = 1;
const HELD_PERIODS = 3;
/** A run may take so long to end after its last reading. */
const LEAST_HELD_MS = 20_000;

/**
 * Returns a meter for these rules and readings every `everyMs`. A number of instances holds until the next reading
 * (instances come and go as wholes, so there is nothing to interpolate), but counts as known for the time of two missed
 * readings at most, or 20 s: after that it is still reckoned with, as the best guess there is, and no longer known.
 */
export function createCostMeter(rules: CostRules, everyMs: number): CostMeter {
  const holdMs = Math.max(LEAST_HELD_MS, HELD_PERIODS * everyMs);
  const counted = new Map<string, Counter>();
  for (const { instances } of rules.services) {
    if (typeof instances === 'object') counted.set(instances.kpi, { atMs: 0, count: null, instanceMs: 0, knownMs: 0 });
  }
  return {
    add(kpi, tMs, value) {
      const counter = counted.get(kpi);
      if (!counter || value === null || !(value >= 0) || tMs < counter.atMs) return;
      Object.assign(counter, upTo(counter, tMs, holdMs), { count: value });
    },
    at: (elapsedMs) => total(rules, [
      part('generator', rules.generator_hour, elapsedMs, 1, 'one generator'),
      ...rules.services.map(({ service, hour, instances }) => {
        if (typeof instances === 'number') return fixed(service, hour, elapsedMs, instances);
        const { instanceMs, knownMs, count } = upTo(counted.get(instances.kpi) as Counter, elapsedMs, holdMs);
        const basis = count === null
          ? `KPI ${instances.kpi} gave no value: reckoned with ${LEAST_INSTANCES}`
          : `counted by KPI ${instances.kpi}, a missing value taken as the one before`;
        return part(service, hour, instanceMs, elapsedMs > 0 ? knownMs / elapsedMs : 0, basis);
      }),
    ]),
  };
}

/** Returns what a run of this length would cost; services whose instances a KPI counts are reckoned with one each. */
export function projectCost(rules: CostRules, durationMs: number): Cost {
  return total(rules, [
    part('generator', rules.generator_hour, durationMs, 1, 'one generator'),
    ...rules.services.map(({ service, hour, instances }) => {
      if (typeof instances === 'number') return fixed(service, hour, durationMs, instances);
      const basis = `counted by KPI ${instances.kpi} during the run, projected with ${LEAST_INSTANCES}`;
      return part(service, hour, durationMs * LEAST_INSTANCES, 0, basis);
    }),
  ]);
}

function fixed(name: string, hourlyRate: number, durationMs: number, instances: number): CostPart {
  return part(name, hourlyRate, durationMs * instances, 1, `${instances} by slo.yml`);
}

interface Counter {
  /** Up to here it is summed. */
  atMs: number;
  /** The last reading; null before the first. */
  count: number | null;
  instanceMs: number;
  knownMs: number;
}

function upTo(counter: Counter, tMs: number, holdMs: number): Counter {
  const passedMs = Math.max(0, tMs - counter.atMs);
  return {
    atMs: Math.max(tMs, counter.atMs),
    count: counter.count,
    instanceMs: counter.instanceMs + passedMs * (counter.count ?? LEAST_INSTANCES),
    knownMs: counter.knownMs + (counter.count === null ? 0 : Math.min(passedMs, holdMs)),
  };
}

function part(name: string, hourlyRate: number, instanceMs: number, knownShare: number, basis: string): CostPart {
  const instanceHours = instanceMs / HOUR_MS;
  return { name, instanceHours, cost: instanceHours * hourlyRate, knownShare, basis };
}

function total({ currency, ceiling }: CostRules, parts: CostPart[]): Cost {
  const sum = parts.reduce((so, { cost }) => so + cost, 0);
  return { currency, total: sum, parts, overCeiling: sum > ceiling };
}
