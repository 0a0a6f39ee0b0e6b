import type { BlockedHost, BudgetUse, Finding, IntegrityReport, Observation, PhaseArrivals, Plan, StepAttribution, TeardownReport, Totals } from '../model/index.ts';
import { apiFindings, createApi } from './api.ts';
import type { ApiAnalysis, ApiSeries } from './api.ts';
import { createArrivals } from './arrivals.ts';
import { createAttributions } from './attribution.ts';
import type { StepParts } from './attribution.ts';
import { createBlocked } from './blocked.ts';
import { createBudgets } from './budget.ts';
import { createCollector } from './collect.ts';
import type { Collected } from './collect.ts';
import { createCost } from './cost.ts';
import { createDrills } from './drills.ts';
import type { DrillFacts } from './drills.ts';
import { maximumOf, percentileOf, rateOf } from './findings.ts';
import { createIntegrity } from './integrity.ts';
import { createKpis } from './kpis.ts';
import { createProfiles, scalarKey } from './profiles.ts';
import { RATE_LIMITED, addRefusals } from './rate-limited.ts';
import type { Scalar } from './scalar.ts';
import { seriesKey } from './series.ts';
import { createTeardown } from './teardown.ts';

/** Everything known about a run: its findings, and the series behind them for evidence and hints. */
export interface Analysis extends Collected {
  findings: Finding[];
  arrivals: PhaseArrivals[];
  /** What third parties' budgets did to those who came. */
  budgets: BudgetUse[];
  /** Hosts that browsers were kept from, most asked-for first. */
  blocked: BlockedHost[];
  attributions: StepAttribution[];
  /** Medians of the parts of each step's time, by `seriesKey('step', { journey, step })`. */
  parts: Map<string, StepParts>;
  totals: Totals;
  /** The API lane's latency, by `seriesKey('api_latency', { route })`. */
  api: Map<string, ApiSeries>;
  /** Null in a run in which nothing is known of payments. */
  integrity: IntegrityReport | null;
  /** What became of each drill; none in a run without. */
  drills: DrillFacts[];
  /** Null where nobody knows of any. */
  teardown: TeardownReport | null;
  /** Figures worked out as a whole, by `seriesKey` of metric and scope, with the statistic where gates ask for one. */
  scalars: Map<string, Scalar>;
}

/** Statistics that are always in the record, whatever the gates ask for. */
const STATS: Record<string, readonly string[]> = {
  perceived_latency: ['p50', 'p75', 'p95'],
  driver_latency: ['p50', 'p75', 'p95'],
  journey_duration: ['p50', 'p95'],
  journey_duration_from_intended: ['p50', 'p95'],
  vital: ['p50', 'p75'],
  agent_completion: ['p50', 'p75', 'p90'],
  agent_first_progress: ['p50', 'p75', 'p90'],
  request_latency: ['p50', 'p95', 'p99'],
  api_latency: ['p50', 'p95', 'p99'],
  replay_latency: ['p50', 'p75', 'p95'],
  replay_generation: ['p50', 'p75', 'p95'],
  cold_start_penalty: ['max'],
  generator_cpu: ['p50', 'max'],
  generator_cpu_pressure: ['p50', 'max'],
  generator_loop_delay: ['p50', 'max'],
};

export interface Analyzer {
  add(observation: Observation): void;
  /** Ends the analysis. `unreadableLines` goes into the totals. */
  finish(unreadableLines?: number): Analysis;
}

/** Returns an analyzer to feed with a run's observations, in any order. The same set gives the same analysis. */
export function createAnalyzer(plan: Plan): Analyzer {
  const collector = createCollector(plan);
  const arrivals = createArrivals(plan);
  const budgets = createBudgets(plan);
  const attributions = createAttributions(plan);
  const api = createApi(plan);
  const profiles = createProfiles(plan);
  const kpis = createKpis(plan);
  const cost = createCost(plan);
  const blocked = createBlocked();
  const integrity = createIntegrity(plan);
  const drills = createDrills(plan);
  const teardown = createTeardown();
  return {
    add: (observation) => {
      collector.add(observation);
      arrivals.add(observation);
      budgets.add(observation);
      attributions.add(observation);
      profiles.add(observation);
      integrity.add(observation);
      drills.add(observation);
      teardown.add(observation);
      if (observation.kind === 'blocked') blocked.add(observation);
      if (observation.kind === 'api') api.add(observation);
      if (observation.kind === 'server') {
        kpis.add(observation);
        cost.add(observation);
      }
    },
    finish: (unreadableLines = 0) => {
      const collected = collector.finish();
      const totals = totalsOf(collected, unreadableLines);
      const run = { completed: totals.ended === 'completed', lastMs: collected.lastMs };
      const lane = api.finish();
      for (const series of lane.rates) {
        const key = seriesKey(series.metric, series.scope);
        const ofBrowsers = collected.rates.get(key);
        // One figure for both: whoever sent them, the target refused them.
        if (series.metric === RATE_LIMITED && ofBrowsers) addRefusals(ofBrowsers, series);
        else collected.rates.set(key, series);
      }
      const { report, scalars: breaches } = integrity.finish();
      const held = drills.finish(collected.counts);
      const scalars = [
        ...breaches, ...held.scalars,
        ...profiles.finish(lane), ...kpis.finish(run.lastMs), ...cost.finish({ lastMs: run.lastMs, journeys: collected.users }),
      ];
      return {
        ...collected,
        findings: findingsOf(plan, collected, lane, scalars),
        arrivals: arrivals.finish(run),
        budgets: budgets.finish(),
        blocked: blocked.finish(),
        attributions: attributions.finish(collected.counts, collected.validity.observer?.medianExcessMs ?? null),
        parts: attributions.parts(collected.counts),
        totals,
        api: lane.series,
        integrity: report,
        drills: held.drills,
        teardown: teardown.finish(),
        scalars: new Map(scalars.map((one) => [scalarKey(one), one])),
      };
    },
  };
}

/** Returns the analysis of observations that are at hand as a whole. */
export function analyze(plan: Plan, observations: Iterable<Observation>): Analysis {
  const analyzer = createAnalyzer(plan);
  for (const observation of observations) analyzer.add(observation);
  return analyzer.finish();
}

function statsOf(plan: Plan, metric: string): string[] {
  const asked = plan.gates.flatMap((gate) => (gate.metric === metric && 'stat' in gate ? [gate.stat] : []));
  const rank = (stat: string): number => (stat === 'max' ? Infinity : Number(stat.slice(1)));
  return [...new Set([...(STATS[metric] ?? ['p50']), ...asked])].sort((a, b) => rank(a) - rank(b));
}

function findingsOf(plan: Plan, collected: Collected, lane: ApiAnalysis, scalars: readonly Scalar[]): Finding[] {
  const latency = [...collected.latency.values()].flatMap((series) =>
    statsOf(plan, series.metric).map((stat): Finding => {
      if (stat === 'max') return maximumOf(series);
      const { finding } = percentileOf(series, stat, plan.confidence);
      // The generator's state is read every few seconds: neighbours resemble each other, so no interval would hold.
      return series.metric.startsWith('generator_') ? { ...finding, interval: null } : finding;
    }),
  );
  const rates = [...collected.rates.values()].map((series) => rateOf(series, plan.confidence));
  const server = collected.serverTimes.findings(plan.confidence);
  const api = apiFindings(lane, statsOf(plan, 'api_latency'), plan.confidence);
  const whole = scalars.map(({ finding }) => finding);
  const order = new Map([...latency, ...rates, ...server, ...api, ...whole].map((finding) => [finding, seriesKey(finding.metric, finding.scope)]));
  // By name, not by first appearance: files may be read in any order. The sort keeps the order of the statistics.
  return [...order.keys()].sort((a, b) => compare(order.get(a) ?? '', order.get(b) ?? ''));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function totalsOf(collected: Collected, unreadableLines: number): Totals {
  const { ended, stopped, artilleryCreated, firstMs, lastMs } = collected;
  return {
    journeys: collected.journeys,
    observed: collected.observed,
    byOutcome: Object.fromEntries([...collected.byOutcome].sort(([a], [b]) => compare(a, b))),
    durationMs: firstMs === null || lastMs === null ? 0 : lastMs - firstMs,
    ended: ended.fault ? 'fault' : ended.interrupted ? 'interrupted' : ended.completed ? 'completed' : null,
    stopped,
    unreadableLines,
    artilleryDifference: artilleryCreated === null ? null : artilleryCreated - (collected.journeys - collected.replayed),
    demoted: collected.demoted,
  };
}
