import type { Distribution, Gate, Plan } from '../../model/index.ts';
import type { Analysis } from '../analyze.ts';
import type { ApiSeries } from '../api.ts';
import { percentileOf } from '../findings.ts';
import { seriesKey } from '../series.ts';
import type { LatencySeries } from '../series.ts';
import { sketchPercentileOf } from '../sketch-bounds.ts';
import { binsOf, sketchBinsOf } from './bins.ts';

/** Of those that no gate asks for; the ones that decide are always shown. */
const MOST_UNGATED = 40;

/** What is shown without a gate, in this order; `page`, say, only where a gate asks for that page. */
const ALWAYS: Record<string, readonly string[]> = {
  perceived_latency: ['journey', 'step'], driver_latency: ['journey', 'step'], journey_duration: ['journey'],
  vital: ['vital'], agent_first_progress: [], agent_completion: [],
};
/** Routes that stand for all requests of a kind. */
const KINDS = new Map([['api', 'API requests of pages'], ['document', 'Documents of pages']]);
const ORDER = [...Object.keys(ALWAYS), 'request_latency', 'api_latency'];

/**
 * Returns how the samples behind the gates, the steps, journeys, vitals and agent tasks were spread: the same samples
 * that the record's findings rest on. What a gate decides on comes first.
 */
export function distributionsOf(plan: Plan, analysis: Analysis): Distribution[] {
  const gated = new Set(plan.gates.flatMap(keysOf));
  const raw = [...analysis.latency].flatMap(([key, series]) => (gated.has(key) || isAlwaysShown(series)
    ? [{ key, make: () => ofSamples(series, plan.confidence) }] : []));
  const lane = [...analysis.api].flatMap(([key, series]) => (gated.has(key) || series.latency.scope['route'] === 'all'
    ? [{ key, make: () => ofSketch(series, plan.confidence) }] : []));
  const place = (key: string): number => ORDER.indexOf((JSON.parse(key) as [string])[0]);
  const sorted = [...raw, ...lane].sort((a, b) =>
    Number(gated.has(b.key)) - Number(gated.has(a.key)) || place(a.key) - place(b.key) || (a.key < b.key ? -1 : 1));
  const first = sorted.findIndex(({ key }) => !gated.has(key));
  const shown = first < 0 ? sorted : sorted.slice(0, first + MOST_UNGATED);
  return shown.map(({ make }) => make()).filter(({ n }) => n > 0);
}

function isAlwaysShown({ metric, scope }: LatencySeries): boolean {
  return Object.hasOwn(ALWAYS, metric) && Object.keys(scope).sort().join() === [...ALWAYS[metric] ?? []].sort().join();
}

/** Returns the keys of the series that a gate looks at. */
function keysOf(gate: Gate): string[] {
  switch (gate.metric) {
    case 'perceived_latency': return [seriesKey(gate.metric, { journey: gate.journey, step: gate.step })];
    case 'vital': {
      const { vital, page } = gate;
      return [seriesKey(gate.metric, page === undefined ? { vital } : { vital, page })];
    }
    case 'agent_first_progress':
    case 'agent_completion': return [seriesKey(gate.metric, {})];
    case 'request_latency':
    case 'api_latency': return [seriesKey(gate.metric, { route: gate.route })];
    default: return [];
  }
}

function ofSamples(series: LatencySeries, confidence: number): Distribution {
  const { metric, scope, unit, values, censored, deadlineMs } = series;
  const at = (stat: string): number | null => percentileOf(series, stat, confidence).finding.value;
  return {
    metric, scope, title: titleOf(metric, scope), unit, n: values.length + censored, censored, deadlineMs,
    p50: at('p50'), p95: at('p95'), bins: binsOf(values, unit),
  };
}

function ofSketch({ latency, deadlineMs }: ApiSeries, confidence: number): Distribution {
  const { metric, scope, unit, sketch, censored } = latency;
  const at = (stat: string): number | null => sketchPercentileOf(latency, stat, confidence).finding.value;
  return {
    metric, scope, title: titleOf(metric, scope), unit, n: sketch.count + censored, censored, deadlineMs,
    p50: at('p50'), p95: at('p95'), bins: sketchBinsOf(latency),
  };
}

function titleOf(metric: string, scope: Record<string, string>): string {
  const { journey = '', step = '', vital = '', page, route = '' } = scope;
  switch (metric) {
    case 'journey_duration': return `${journey}, whole journey`;
    case 'vital': return page === undefined ? vital : `${vital} of ${page}`;
    case 'agent_first_progress': return 'Agent task, first progress';
    case 'agent_completion': return 'Agent task, completion';
    case 'request_latency': return KINDS.get(route) ?? route;
    case 'api_latency': return route === 'all' ? 'API lane, all routes' : `API lane, ${route}`;
    default: return `${journey} › ${step}`;
  }
}
