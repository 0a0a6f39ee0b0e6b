import { createCostMeter, type Cost, type CostPart } from '../model/cost.ts';
import type { CostRules, Finding, Plan, ServerObservation } from '../model/index.ts';
import type { Scalar } from './scalar.ts';

/** Below this share of the time with a known number of instances a cost is a guess, as in kpis.ts. */
const LEAST_KNOWN = 0.8;
const HOUR_MS = 3_600_000;

export interface RunExtent {
  /** Time of the run's last observation: what it ran for. Null for a run that recorded nothing. */
  lastMs: number | null;
  /** Users that ran: without those dropped or interrupted. */
  journeys: number;
}

export interface CostAnalysis {
  add(one: ServerObservation): void;
  /**
   * Returns metric `cost` with stat `total` and scope `{ per: 'run' }`, `{ per: 'thousand journeys' }`, and
   * `{ per: 'QPS', service }` for each service that names a `rate_kpi`. Empty where slo.yml has no `cost`.
   */
  finish(run: RunExtent): Scalar[];
}

/** Returns a collector for what a run cost; readings in any order. All of the run counts, warm-up too: it is paid. */
export function createCost(plan: Plan): CostAnalysis {
  const rules = plan.cost;
  if (!rules) return { add: () => {}, finish: () => [] };
  const wanted = new Set(rules.services.flatMap(({ instances, rate_kpi }) =>
    [...(typeof instances === 'object' ? [instances.kpi] : []), ...(rate_kpi === undefined ? [] : [rate_kpi])]));
  const readings: { metric: string; tMs: number; value: number }[] = [];
  return {
    add({ metric, tMs, value }) {
      if (value !== null && wanted.has(metric)) readings.push({ metric, tMs, value });
    },
    finish({ lastMs, journeys }) {
      const meter = createCostMeter(rules, plan.metrics?.everyMs ?? 0);
      readings.sort((a, b) => a.tMs - b.tMs || a.value - b.value);
      for (const { metric, tMs, value } of readings) meter.add(metric, tMs, value);
      const runMs = lastMs ?? 0;
      const cost = meter.at(runMs);
      const doubt = runMs > 0 ? doubtOf(cost) : 'the run recorded nothing, so its length is not known';
      const evidence = cost.parts.map((part) => partText(part, cost.currency));
      const amount = (value: number | null, per: string, n: number, why: string | null): Scalar =>
        ({ finding: findingOf({ per }, runMs > 0 ? value : null, rules.currency, n), doubt: why, evidence });
      return [
        amount(cost.total, 'run', 1, doubt),
        journeys > 0
          ? amount((1_000 * cost.total) / journeys, 'thousand journeys', journeys, doubt)
          : amount(null, 'thousand journeys', 0, 'no journey was run'),
        ...rules.services.flatMap(({ service, rate_kpi }, index) => (rate_kpi === undefined ? [] : [perQps(service, {
          part: cost.parts[index + 1] as CostPart, runMs, rules, plan, kpi: rate_kpi,
          rates: readings.filter(({ metric }) => metric === rate_kpi).map(({ value }) => value),
        })])),
      ];
    },
  };
}

/** What an hour of a service cost, over the requests a second that it served on average. */
function perQps(service: string, { part, runMs, rules, plan, kpi, rates }: {
  part: CostPart; runMs: number; rules: CostRules; plan: Plan; kpi: string; rates: readonly number[];
}): Scalar {
  const unit = plan.kpis.find(({ id }) => id === kpi)?.unit ?? '';
  const toSeconds = secondsShare(unit);
  const evidence = [partText(part, rules.currency)];
  const unitOfCost = `${rules.currency}/h per QPS`;
  const said = (value: number | null, doubt: string | null): Scalar =>
    ({ finding: findingOf({ per: 'QPS', service }, value, unitOfCost, rates.length), doubt, evidence });
  if (toSeconds === null) return said(null, `KPI ${kpi} is in "${unit}", which is no rate a second or a minute`);
  if (rates.length === 0) return said(null, `KPI ${kpi} gave no value`);
  const qps = (rates.reduce((sum, rate) => sum + rate, 0) / rates.length) * toSeconds;
  if (qps <= 0 || runMs === 0) return said(null, `${service} served nothing`);
  evidence.push(`${kpi}: ${short(qps)} requests a second on average`);
  return said((part.cost * HOUR_MS) / runMs / qps, doubtOf({ parts: [part] }));
}

/** Returns the factor that makes requests a second of a rate in this unit; null for what is no rate. */
function secondsShare(unit: string): number | null {
  if (/(?:\/|per |a )\s*(?:s|sec|second)$|^(?:qps|rps|Hz)$/i.test(unit)) return 1;
  return /(?:\/|per |a )\s*(?:min|minute)$/i.test(unit) ? 1 / 60 : null;
}

function doubtOf({ parts }: Pick<Cost, 'parts'>): string | null {
  const guessed = parts.filter(({ knownShare }) => knownShare < LEAST_KNOWN);
  if (guessed.length === 0) return null;
  return guessed.map(({ name, knownShare, basis }) =>
    `the number of instances of ${name} is known for ${Math.floor(100 * knownShare)} % of the run only (${basis})`)
    .join('; ');
}

function partText({ name, instanceHours, cost, basis, knownShare }: CostPart, currency: string): string {
  const known = knownShare < 1 ? `, known for ${Math.floor(100 * knownShare)} % of the run` : '';
  return `${name}: ${short(instanceHours)} h, ${short(cost)} ${currency} (${basis}${known})`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function findingOf(scope: Record<string, string>, value: number | null, unit: string, n: number): Finding {
  return {
    metric: 'cost', scope, stat: 'total', value: value === null ? null : Number(value.toPrecision(12)), interval: null,
    unit, n, censored: 0, unmeasured: 0, events: null, window: 'whole run',
  };
}
