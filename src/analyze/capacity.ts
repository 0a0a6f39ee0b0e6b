import type { ApiPlan, Finding, Plan } from '../model/index.ts';
import { peakPerSecond } from './api-timeline.ts';
import type { Slice } from './api-timeline.ts';
import { breakText, findKnee } from './knee.ts';
import type { Knee, KneeLimits } from './knee.ts';
import type { KpiSeries } from './kpi-series.ts';
import { risingLevels } from './levels.ts';
import type { Level } from './levels.ts';
import type { Scalar } from './scalar.ts';

/** perf-6 asks for 99.9 % over months; a step of half a minute can show 99 %, and past a knee far more go missing. */
const ANSWERED_SHARE = 0.99;
/** Where no gate says more. */
const ERROR_SHARE = 0.01;

/** Returns the limits that a level must keep: those of the run's gates, else of the scenarios file. */
export function kneeLimits(plan: Plan & { api: ApiPlan }): KneeLimits {
  const p95Ms = new Map<string, number>();
  const requests = plan.api.scenarios.flatMap(({ flows }) => flows.flatMap((flow) => flow.requests));
  for (const { route, sloP95Ms } of requests) {
    if (sloP95Ms !== null) p95Ms.set(route, Math.min(sloP95Ms, p95Ms.get(route) ?? Infinity));
  }
  const errors: number[] = [];
  for (const gate of plan.gates) {
    if (gate.metric === 'api_latency' && gate.stat === 'p95' && requests.some(({ route }) => route === gate.route)) p95Ms.set(gate.route, gate.max);
    if (gate.metric === 'api_error_rate' && gate.route === undefined) errors.push(gate.max / 100);
  }
  return { answeredShare: ANSWERED_SHARE, errorShare: Math.min(...errors, ERROR_SHARE), p95Ms, confidence: plan.confidence };
}

/** Returns the capacity in requests a second and its headroom over the expected peak, with what broke and what moved first. */
export function capacityOf(plan: Plan & { api: ApiPlan }, slices: readonly Slice[], kpis: KpiSeries): Scalar[] {
  const peak = peakPerSecond(plan.api);
  const levels = risingLevels(plan, slices);
  const knee = findKnee(levels, kneeLimits(plan));
  const { held, broke } = knee;
  const n = levels.reduce((sum, { ok, failed }) => sum + ok + failed, 0);
  const evidence = evidenceOf(knee, levels, kpis);
  const scalarOf = (metric: string, unit: string, per: number): Scalar => {
    const rated = (level: Level | null): number | null => (level === null ? null : rounded(level.offeredPerSecond / per));
    const finding: Finding = {
      metric, scope: {}, stat: 'value', value: rated(held), interval: levels.length === 0 ? null : { low: rated(held) ?? 0, high: rated(broke) },
      unit, n, censored: 0, unmeasured: 0, events: null, window: `${levels.length} levels of load`,
    };
    const scalar: Scalar = { finding, doubt: levels.length === 0 ? 'the API lane sent nothing that could rise' : null, evidence };
    if (broke !== null) {
      return { ...scalar, hint: `smaller steps ${held === null ? 'below' : `between ${rate(held)} and`} ${rate(broke)} would narrow it` };
    }
    const late = 'the API lane itself was late above that: give it more threads, or a machine of its own';
    return { ...scalar, hint: knee.unproven === null ? 'load it higher, up to where it breaks' : late };
  };
  return [scalarOf('capacity_headroom', 'x', peak), scalarOf('api_capacity', '/s', 1)];
}

function evidenceOf({ held, broke, breaks, unproven }: Knee, levels: readonly Level[], kpis: KpiSeries): string[] {
  const late = unproven === null ? [] : [`at ${rate(unproven)} the API lane itself was late: nothing is known of that load`];
  if (broke === null) {
    const reached = unproven === null ? ': the knee was never reached' : '';
    return [...(held === null ? [] : [`at least ${rate(held)}${reached}`]), ...late];
  }
  const sustained = held === null ? 'not even the lowest level held' : `sustained ${rate(held)}`;
  const before = levels.filter(({ fromMs }) => fromMs < broke.fromMs);
  const moved = kpis.moved(before, broke);
  const target = moved.length > 0 ? moved : ['none of the target’s own figures is known to have moved with it'];
  const [first, ...others] = breaks.map(breakText);
  return [
    `${sustained}, broke at ${rate(broke)}: first ${first ?? ''}`,
    ...target,
    ...(others.length === 0 ? [] : [`then ${others.join('; ')}`]),
    ...late,
  ];
}

function rate({ offeredPerSecond }: Level): string {
  return `${Number(offeredPerSecond.toPrecision(3)).toLocaleString('en-US')}/s`;
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
