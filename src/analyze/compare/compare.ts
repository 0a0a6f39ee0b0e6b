import type { Comparison, SampledGate, SampledLatency, SampledRun } from '../../model/index.ts';
import { seriesKey } from '../series.ts';
import { caveatsOf } from './caveats.ts';
import { decideRows, overall } from './decide.ts';
import type { OpenRow } from './decide.ts';
import { latencyRow } from './latency-row.ts';
import { LEAST_USERS } from './mann-whitney.ts';
import { MARGIN_PERCENT } from './margins.ts';
import { rateRow } from './rate-row.ts';
import type { Random } from './resample.ts';
import { samplesOf } from './samples.ts';
import type { Samples } from './samples.ts';
import { valueRow } from './value-row.ts';

export interface CompareOptions {
  /** Numbers in [0, 1), seeded: the same two runs must give the same comparison. */
  random: Random;
  /** A smaller change, in per cent of A's value, matters to nobody; MARGIN_PERCENT when left out. */
  marginPercent?: number;
}

/** What a row is made from: what is looked at, and both runs. */
export interface Looked {
  kind: 'gate' | 'step';
  /** As B judges it: the newer plan says what matters. */
  gate: Omit<SampledGate, 'limit' | 'status' | 'observed' | 'observedAbove' | 'interval' | 'n'> & { limit: SampledGate['limit'] | null };
  a: SampledRun;
  b: SampledRun;
  /** The same gate in A, where it has one. */
  gateOfA: SampledGate | null;
  gateOfB: SampledGate | null;
}

/** All steps, journeys and routes are compared by their median: it needs the fewest samples. */
const STEP_STAT = 'p50';
const STEP_METRICS: Record<string, (scope: Record<string, string>) => string> = {
  perceived_latency: ({ journey, step }) => `${journey} › ${step}`,
  driver_latency: ({ journey, step }) => `${journey} › ${step} (driver)`,
  journey_duration: ({ journey }) => `${journey} › whole journey`,
  request_latency: ({ route = '' }) => ({ api: 'requests › API', document: 'requests › documents', stream: 'requests › streams' })[route] ?? route,
  api_latency: ({ route }) => `API lane › ${route}`,
};

/** Series by key, made ready when they are first looked at. */
export interface Shelf {
  of(run: SampledRun, metric: string, scope: Record<string, string>): Samples | null;
}

function createShelf(runs: readonly SampledRun[]): Shelf {
  const recorded = new Map(runs.map((run) => [run, new Map(run.latencies.map((one) => [seriesKey(one.metric, one.scope), one]))]));
  const ready = new Map<SampledLatency, Samples>();
  return {
    of(run, metric, scope) {
      const found = recorded.get(run)?.get(seriesKey(metric, scope));
      if (found === undefined) return null;
      const samples = ready.get(found) ?? samplesOf(found);
      ready.set(found, samples);
      return samples;
    },
  };
}

/** Returns how B does against A: a row for each gate of B, and for each step and route that enough users of both came to; pure. */
export function compareRuns(a: SampledRun, b: SampledRun, { random, marginPercent = MARGIN_PERCENT }: CompareOptions): Comparison {
  const shelf = createShelf([a, b]);
  const confidence = Math.min(a.confidence, b.confidence);
  const looked = [...gatesOf(a, b), ...stepsOf(a, b)];
  const rows = decideRows(looked.map((one) => rowOf(one, shelf, { confidence, marginPercent, random })), confidence);
  return { a: a.run, b: b.run, confidence, caveats: caveatsOf(a, b), rows, result: overall(rows) };
}

export interface RowOptions {
  confidence: number;
  marginPercent: number;
  random: Random;
}

function rowOf(looked: Looked, shelf: Shelf, options: RowOptions): OpenRow {
  const { metric, scope, stat } = looked.gate;
  const [inA, inB] = [shelf.of(looked.a, metric, scope), shelf.of(looked.b, metric, scope)];
  if (/^p\d/.test(stat) && metric !== 'kpi' && metric !== 'latency_drift') {
    const bare = (run: SampledRun): boolean => run.latencies.length === 0;
    // Without observations on a side only the findings are left.
    if (!bare(looked.a) && !bare(looked.b)) return latencyRow(looked, inA, inB, options);
  }
  return stat === 'rate' ? rateRow(looked, options) ?? valueRow(looked, options) : valueRow(looked, options);
}

function gatesOf(a: SampledRun, b: SampledRun): Looked[] {
  return b.gates.map((gateOfB): Looked => {
    const { id, title, metric, scope, stat, unit, limit } = gateOfB;
    const gateOfA = a.gates.find((gate) => gate.id === id && seriesKey(gate.metric, gate.scope) === seriesKey(metric, scope)) ?? null;
    return { kind: 'gate', gate: { id, title, metric, scope, stat, unit, limit }, a, b, gateOfA, gateOfB };
  });
}

function stepsOf(a: SampledRun, b: SampledRun): Looked[] {
  const enough = ({ users, censored }: SampledLatency): boolean => new Set([...users, ...censored.map(([user]) => user)]).size >= LEAST_USERS;
  const inA = new Set(a.latencies.filter((one) => one.metric in STEP_METRICS && enough(one)).map(({ metric, scope }) => seriesKey(metric, scope)));
  const both = b.latencies.filter((one) => inA.has(seriesKey(one.metric, one.scope)) && enough(one));
  const order = Object.keys(STEP_METRICS);
  return both
    .map(({ metric, scope, unit }): Looked => ({
      kind: 'step',
      gate: { id: seriesKey(metric, scope), title: STEP_METRICS[metric]?.(scope) ?? metric, metric, scope, stat: STEP_STAT, unit, limit: null },
      a, b, gateOfA: null, gateOfB: null,
    }))
    .sort((one, other) => order.indexOf(one.gate.metric) - order.indexOf(other.gate.metric) || (one.gate.title < other.gate.title ? -1 : 1));
}
