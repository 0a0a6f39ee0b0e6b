import { z } from 'zod';
import { parseSelector } from './kpi-selector.ts';

/** A metric name with optional label matchers, as in PromQL: `cache_requests_total{result="hit"}`. */
const selector = z.string().superRefine((text, context) => {
  try {
    parseSelector(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
  }
});

/** How a KPI is read from a metrics page (Prometheus text format), from one scrape or from what changed since the one before. */
export const KpiScrape = z.union([
  /** A value as it is; several series are put together as said. */
  z.strictObject({ gauge: selector, over: z.enum(['sum', 'max', 'min', 'mean']).default('sum') }),
  /** What counters grew by, together, a second or a minute. */
  z.strictObject({ rate: selector, per: z.enum(['second', 'minute']).default('second') }),
  /** Growth of some counters as a share of the growth of others. */
  z.strictObject({ ratio: selector, to: selector }),
  /** A quantile of a histogram's growth, by linear interpolation within its bucket, as Prometheus does. */
  z.strictObject({ histogram: selector, quantile: z.number().gt(0).lt(1) }),
]);
export type KpiScrape = z.infer<typeof KpiScrape>;

/** One figure of the target itself. With both ways given, a Prometheus server is asked where there is one. */
export const Kpi = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  title: z.string().min(1),
  unit: z.string().min(1),
  scrape: KpiScrape.optional(),
  promql: z.string().min(1).optional(),
  /** What the exporter's value is multiplied by for the unit: 1000 for seconds in ms, 100 for a share in %. */
  scale: z.number().positive().default(1),
  source: z.string().min(1),
}).refine(({ scrape, promql }) => scrape !== undefined || promql !== undefined, 'needs "scrape" or "promql"');
export type Kpi = z.infer<typeof Kpi>;

/** What an hour of something costs, and what a run may. */
export const CostRules = z.strictObject({
  currency: z.string().min(1),
  generator_hour: z.number().min(0),
  /** An hour of one instance of a service; how many there are is a KPI, or a fixed number. */
  services: z.array(z.strictObject({
    service: z.string().min(1),
    hour: z.number().min(0),
    instances: z.union([z.number().min(0), z.strictObject({ kpi: z.string().min(1) })]).default(1),
    /** Counts its requests, for the cost of a QPS; left out: none is given. */
    rate_kpi: z.string().min(1).optional(),
  })).default([]),
  /** A run that would cost more is refused before it starts, and ended when it has. */
  ceiling: z.number().positive(),
});
export type CostRules = z.infer<typeof CostRules>;
