import { BURN_WINDOWS_MS } from '../../analyze/burn/budget.ts';
import type { RequestStep } from '../../analyze/burn/evidence.ts';
import { PrometheusServer, type Limits } from '../../collect/metrics/prometheus.ts';
import type { ErrorBudgetRule } from '../../model/index.ts';

/** The length of the shortest window of a burn alert. */
const FINE_MS = BURN_WINDOWS_MS[0] ?? 0;
const LONGEST_BURN_MS = BURN_WINDOWS_MS.at(-1) ?? 0;
/** A server refuses more than 11,000 points in one answer. */
const MOST_STEPS = 5_000;
const LIMIT_MS = 30_000;

interface Stretch {
  fromMs: number;
  toMs: number;
  stepMs: number;
}

/** Returns the stretches of a window that are asked for: in steps of five minutes where alerts look, coarser before that. */
export function stretchesOf(windowMs: number, nowMs: number): Stretch[] {
  const startMs = nowMs - windowMs;
  const fineFromMs = nowMs - LONGEST_BURN_MS;
  const fine = { fromMs: fineFromMs, toMs: nowMs, stepMs: FINE_MS };
  if (startMs >= fineFromMs) return [fine];
  const stepMs = FINE_MS * Math.max(1, Math.ceil((fineFromMs - startMs) / FINE_MS / MOST_STEPS));
  return [{ fromMs: fineFromMs - Math.floor((fineFromMs - startMs) / stepMs) * stepMs, toMs: fineFromMs, stepMs }, fine];
}

export interface Requests {
  steps: RequestStep[];
  /** Why there are none; null where there are. */
  fault: string | null;
}

/** Asks a Prometheus server for the requests of a service, step by step over the rule's window. Never throws. */
export async function readRequests(
  url: string, { service, prometheus }: ErrorBudgetRule, windowMs: number, nowMs: number, signal?: AbortSignal,
): Promise<Requests> {
  if (!prometheus) return { steps: [], fault: null };
  const server = new PrometheusServer(url);
  const limits: Limits = { limitMs: LIMIT_MS, ...(signal ? { signal } : {}) };
  const steps: RequestStep[] = [];
  try {
    for (const { fromMs, toMs, stepMs } of stretchesOf(windowMs, nowMs)) {
      const ask = (query: string): Promise<Map<number, number>> =>
        server.range(withWindow(query, stepMs), { fromMs: fromMs + stepMs, toMs, stepMs }, 1, limits);
      const [total, bad] = await Promise.all([ask(prometheus.total), ask(prometheus.bad)]);
      for (const [atMs, value] of total) {
        const wrong = bad.get(atMs);
        // Without either there is no share: no series of failures is not yet no failure.
        if (wrong !== undefined) steps.push({ fromMs: atMs - stepMs, toMs: atMs, total: value, bad: wrong });
      }
    }
    const reason = steps.length === 0 ? await whyNone(server, prometheus, limits) : null;
    return { steps, fault: reason === null ? null : `${service}: Prometheus gives no requests (${reason})` };
  } catch (error) {
    return { steps: [], fault: `${service}: Prometheus gives no requests (${(error as Error).message})` };
  }
}

/** A range of several series, or of none, comes back empty; asked for one moment, the server's answer tells which. */
async function whyNone(server: PrometheusServer, queries: { bad: string; total: string }, limits: Limits): Promise<string> {
  for (const name of ['total', 'bad'] as const) {
    const { missing } = await server.value(withWindow(queries[name], FINE_MS), 1, limits);
    if (missing !== undefined) return `${name}: ${missing}`;
  }
  return 'none at the same times';
}

function withWindow(query: string, ms: number): string {
  return query.replaceAll('$window', `${Math.round(ms / 1_000)}s`);
}
