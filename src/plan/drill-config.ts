import { z } from 'zod';
import { isDrillAddress, type DependencyAccess } from '../model/index.ts';
import { parseSelector } from '../model/kpi-selector.ts';

/** Stands for the bundled platform's own fault proxy, control APIs and flags. */
export const EMBEDDED = 'embedded';

const address = z.string().refine((text) => text === EMBEDDED || isDrillAddress(text), 'must be "embedded" or an http(s) address without credentials');
const metric = z.string().superRefine((text, context) => {
  try {
    parseSelector(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

const Dependency = z.strictObject({
  toxiproxy: address.optional(),
  /** Its name in Toxiproxy, where that is another one. */
  proxy: z.string().min(1).optional(),
  control: address.optional(),
  breaker: metric.optional(),
  transitions: metric.optional(),
  requests: metric.optional(),
});

/** `drills` of the journeys plugin: which drills, and how they reach the dependencies. */
export const DrillsConfig = z.strictObject({
  /** Files relative to the script; each is held in the phase that is named as the file is. */
  files: z.array(z.string().min(1)).min(1),
  dependencies: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes'), Dependency).default({}),
  flags: address.optional(),
  /** Half a second finds a breaker's opening to within that; a metrics page takes some milliseconds to make. */
  watchEverySeconds: z.number().min(0.1).max(60).default(0.5),
});
export type DrillsConfig = z.infer<typeof DrillsConfig>;

/** Returns how to reach each dependency; what the configuration leaves out cannot be done there. */
export function accessOf({ dependencies }: DrillsConfig): Record<string, DependencyAccess> {
  return Object.fromEntries(Object.entries(dependencies).map(([name, { toxiproxy, proxy, control, breaker, transitions, requests }]) => [name, {
    toxiproxy: toxiproxy ?? null,
    proxy: toxiproxy === undefined ? null : (proxy ?? name),
    control: control ?? null,
    breakerMetric: breaker ?? null,
    transitionsMetric: transitions ?? null,
    requestsMetric: requests ?? null,
  }]));
}

/** Returns whether an address lies on this machine; `embedded` does. */
export function isLoopback(text: string): boolean {
  if (text === EMBEDDED) return true;
  const host = URL.parse(text)?.hostname ?? '';
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
