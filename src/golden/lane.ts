/** The API lane's part of the golden run, and the target's own figures. */
import type { ApiObservation, ApiPlan, ServerObservation } from '../model/index.ts';
import { apiOf, apiPlanOf, binsOf, serverOf } from './api.ts';
import { seeded } from './random.ts';

const tenth = (ms: number): number => Math.round(ms * 10) / 10;

const ROUTES = [
  { scenario: 'discovery', route: 'GET /api/v1/creators', perSecond: 6, usualMs: 18 },
  { scenario: 'discovery', route: 'GET /api/v1/search/suggestions', perSecond: 4, usualMs: 9 },
  { scenario: 'writes', route: 'POST /api/v1/projects', perSecond: 0.8, usualMs: 60 },
] as const;

/** A window of ten seconds a route; a few errors, one window in which the lane itself was late, and what the end cut off. */
export function apiWindows(runId: string, lengthMs: number, phaseAt: (tMs: number) => string): ApiObservation[] {
  const random = seeded(31);
  return Array.from({ length: Math.floor(lengthMs / 10_000) }, (_, window) => ROUTES.map(({ scenario, route, perSecond, usualMs }) => {
    const fromMs = window * 10_000;
    const failed = window === 5 && route.startsWith('POST') ? { 'status 503': 1 } : {};
    const isLate = window === 6;
    const unfinished = (window + 1) * 10_000 === lengthMs && route.startsWith('POST') ? 1 : 0;
    const durationsMs = Array.from({ length: perSecond * 10 - Object.keys(failed).length - unfinished }, () =>
      tenth(usualMs * (0.7 + 0.6 * random() + (random() < 0.03 ? 4 : 0)) + (isLate ? 25 : 0)));
    return apiOf({
      runId, phase: phaseAt(fromMs), fromMs, tMs: fromMs + 10_400, scenario, route, failed, unfinished, durationsMs,
      service: binsOf(durationsMs.map((ms) => tenth(ms - (isLate ? 25 : 0)))),
      ...(isLate ? { late: perSecond * 5, maxLateMs: 41.2 } : {}),
    });
  }).flat()).flat();
}

/** Three figures of the target every five seconds; one reading of the processor is missing. */
export function serverValues(runId: string, lengthMs: number, phaseAt: (tMs: number) => string): ServerObservation[] {
  const random = seeded(41);
  return Array.from({ length: Math.floor(lengthMs / 5_000) }, (_, index) => {
    const tMs = (index + 1) * 5_000;
    const of = (metric: string, value: number, unit: string): ServerObservation =>
      serverOf({ runId, phase: phaseAt(tMs), tMs, metric, value, unit });
    const cpu = of('cpu', tenth(35 + 10 * random()), '%');
    return [
      index === 9 ? { ...cpu, value: null, missing: 'no answer' } : cpu,
      of('memory', tenth(180 + index * 0.02 + random()), 'MB'),
      of('instances', 2, 'instances'),
    ];
  }).flat();
}

/** The lane of the golden plan. */
export const API: ApiPlan = {
  ...apiPlanOf(),
  source: 'config/loadtests/scenarios.json',
  scenarios: ['discovery', 'writes'].map((name) => {
    const routes = ROUTES.filter(({ scenario }) => scenario === name);
    return {
      name, ratePerSecond: routes.reduce((sum, { perSecond }) => sum + perSecond, 0), users: name === 'writes' ? 2 : 0,
      flows: routes.map(({ route, perSecond }) => {
        const [method = 'GET', path = ''] = route.split(' ') as ['GET' | 'POST', string];
        return {
          weight: perSecond,
          requests: [{
            method, path, route, params: [], body: null, data: method === 'POST' ? 'unique_project' : null, session: method === 'POST',
            capture: {}, sloP95Ms: null,
          }],
        };
      }),
    };
  }),
  loads: [{ phase: 'warm up', share: 1, to: null }, { phase: 'steady', share: 1, to: null }],
};
