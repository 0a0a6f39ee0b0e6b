import type { Fault } from '../errors.ts';
import type { YamlPath } from './yaml.ts';

const PREFLIGHT = 'preflight';
/** What a step may be that sends nothing by itself. */
const SILENT = new Set(['function', 'log', 'think']);

type Step = Record<string, unknown>;

/** The steps of `before` or `after`, as Artillery's HTTP engine would take them. */
function stepsOf(script: unknown, hook: 'before' | 'after'): unknown[] {
  const { flow } = (script as Partial<Record<typeof hook, { flow?: unknown } | null>>)[hook] ?? {};
  return Array.isArray(flow) ? flow : [];
}

function isPreflight(step: unknown): boolean {
  return typeof step === 'object' && step !== null && (step as Step)['function'] === PREFLIGHT;
}

/**
 * Returns why a script's preflight does not hold: null where it comes first and in any case, as it must, since whatever comes
 * before it passes no guard; `missing` where there is none.
 */
export function preflightFault(script: unknown): Fault | 'missing' | null {
  const steps = stepsOf(script, 'before');
  const at = steps.findIndex(isPreflight);
  if (at < 0) return 'missing';
  if (at > 0) return { where: `before.flow[${at}]`, message: 'the preflight comes after other steps, which no guard would have seen' };
  const more = Object.keys(steps[0] as Step).filter((key) => key !== 'function');
  return more.length === 0 ? null : { where: 'before.flow[0]', message: `the preflight has ${more.join(', ')}, and might not be held` };
}

/** Returns a fault for each step of `before` and `after` that asks something: it would pass no guard, and bear no tag. */
export function hookFaults(script: unknown, at: (path: YamlPath) => string): Fault[] {
  return (['before', 'after'] as const).flatMap((hook) => stepsOf(script, hook).flatMap((step, index): Fault[] => {
    const asks = Object.keys(typeof step === 'object' && step !== null ? step : {}).find((key) => !SILENT.has(key));
    if (asks === undefined) return [];
    const message = `"${asks}" is Artillery's own request, which no guard sees, and no teardown`;
    return [{ where: at([hook, 'flow', index]), message, hint: 'ask what a journey needs in its arrange' }];
  }));
}
