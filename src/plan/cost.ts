import { CodedError } from '../errors.ts';
import { projectCost, type Cost } from '../model/cost.ts';
import type { Plan } from '../model/index.ts';

type Costed = Pick<Plan, 'phases' | 'cost'>;

/**
 * Returns what a plan would cost: its phases' time, for one generator and for each service that slo.yml gives an hourly
 * rate. Services whose instances a KPI counts are projected with one instance, the least there can be: the watch during
 * the run then counts them. Null where slo.yml has no `cost`.
 */
export function projectedCost({ phases, cost }: Costed): Cost | null {
  if (!cost) return null;
  return projectCost(cost, phases.reduce((sum, { durationS }) => sum + durationS * 1_000, 0));
}

/** Throws J_COST_CEILING for a plan that would cost more than its ceiling. */
export function refuseOverCeiling(plan: Costed): void {
  const projected = projectedCost(plan);
  if (!projected?.overCeiling || !plan.cost) return;
  const { total, parts, currency } = projected;
  throw new CodedError('J_COST_CEILING', [{
    where: 'slo.yml cost.ceiling',
    message: `the run would cost ${money(total)} ${currency}, and may cost ${money(plan.cost.ceiling)} ${currency}`,
    hint: parts.map(({ name, instanceHours, cost, basis }) =>
      `${name}: ${money(instanceHours)} h, ${money(cost)} ${currency} (${basis})`).join('; '),
  }]);
}

/** Enough digits that a small sum never reads as nothing. */
function money(value: number): string {
  return value !== 0 && Math.abs(value) < 0.1 ? value.toPrecision(2) : value.toFixed(2);
}
