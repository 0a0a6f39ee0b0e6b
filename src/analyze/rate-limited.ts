import { addFailure } from './series.ts';
import type { RateSeries } from './series.ts';

/**
 * Status 429: the target lets through only so much, and this load was more. It says nothing of how the request would have
 * been served, so it is neither an error nor a success; documentation/budgets.md has the reasons.
 */
export const TOO_MANY_REQUESTS = 429;
/** The same as the API lane counts it. */
export const REFUSED_CLASS = 'status 429';
export const RATE_LIMITED = 'rate_limited';

/** Adds one count of refusals to another: of browsers and of the API lane. */
export function addRefusals(sum: RateSeries, other: RateSeries): void {
  sum.n += other.n;
  sum.events += other.events;
  for (const [code, times] of other.failures.byCode) sum.failures.byCode.set(code, (sum.failures.byCode.get(code) ?? 0) + times);
  for (const failure of other.failures.first) addFailure(sum.failures, failure, 0);
}
