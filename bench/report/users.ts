import type { JourneyObservation, Observation, Plan, Role } from '../../src/model/index.ts';

interface Step {
  name: string;
  usualMs: number;
  page: string;
  request: string;
  /** Other files that come with it. */
  assets: number;
}

/** The journeys of journeys.yml, with what real runs of them write: about 17 lines a user. */
const JOURNEYS: Record<string, readonly Step[]> = {
  'search page view': [
    { name: 'landing page', usualMs: 55, page: '/find/:slug', request: 'GET /find/:slug', assets: 2 },
    { name: 'creator page', usualMs: 40, page: '/creators/:id', request: 'GET /creators/:id', assets: 2 },
    { name: 'marketplace', usualMs: 45, page: '/', request: 'GET /', assets: 2 },
    { name: 'suggestions', usualMs: 75, page: '/', request: 'GET /api/v1/search/suggestions', assets: 0 },
  ],
  signup: [
    { name: 'open signup', usualMs: 50, page: '/signup', request: 'GET /signup', assets: 3 },
    { name: 'submit signup', usualMs: 120, page: '/welcome', request: 'POST /signup', assets: 2 },
  ],
  'project creation': [
    { name: 'open form', usualMs: 55, page: '/projects/new', request: 'GET /projects/new', assets: 3 },
    { name: 'create project', usualMs: 90, page: '/projects/:id', request: 'POST /api/v1/projects', assets: 2 },
  ],
  'escrow checkout': [
    { name: 'open checkout', usualMs: 60, page: '/projects/:id/checkout', request: 'GET /projects/:id/checkout', assets: 3 },
    {
      name: 'pay into escrow', usualMs: 130, page: '/projects/:id/checkout', request: 'POST /api/v1/payments/escrow/lock',
      assets: 0,
    },
  ],
  'agent task': [
    { name: 'open project', usualMs: 60, page: '/projects/:id', request: 'GET /projects/:id', assets: 3 },
    { name: 'first progress', usualMs: 60, page: '/projects/:id', request: 'POST /api/v1/tasks', assets: 0 },
    { name: 'brief complete', usualMs: 900, page: '/projects/:id', request: 'GET /api/v1/tasks/:id', assets: 0 },
  ],
};
const VITALS = { LCP: 60, INP: 24, CLS: 0.004, FCP: 55, TTFB: 6 } as const;

/** One user in so many fails at its last step; one agent task in so many meets a cold service. */
const FAILING = 250;
const COLD = 40;

export interface Arrival {
  index: number;
  startedMs: number;
  phase: string;
}

/** Returns all that one user leaves behind; its journey is the last of it. */
export function userOf(plan: Plan, arrival: Arrival, random: () => number): [...Observation[], JourneyObservation] {
  const { index, startedMs, phase } = arrival;
  const names = plan.journeys.filter(({ name, weight }) => weight > 0 && name in JOURNEYS).map(({ name }) => name);
  const journey = names[index % names.length] ?? '';
  const role: Role = random() < plan.settings.observerShare ? 'observer' : 'crowd';
  const base = { v: 1, runId: plan.runId, phase, vu: `1-${index + 1}`, journey, role } as const;
  const near = (usual: number): number => usual * (0.7 + 0.5 * random() + (random() < 0.03 ? 3 * random() : 0));
  const steps = JOURNEYS[journey] ?? [];
  const fails = index % FAILING === FAILING - 1;
  const seen: Observation[] = [];
  const took: number[] = [];
  let tMs = startedMs;
  for (const [number, { name, usualMs, page, request, assets }] of steps.entries()) {
    const failed = fails && number === steps.length - 1;
    const perceivedMs = near(usualMs);
    const driverMs = failed ? plan.settings.stepDeadlineMs : perceivedMs + 30 + 20 * random();
    tMs += driverMs + 3;
    took.push(perceivedMs);
    const [method = '', route = ''] = request.split(' ');
    const serverTiming = { db: near(1), total: near(usualMs / 8) };
    const answer = { ...base, kind: 'request', tMs: tMs - 8, durationMs: near(usualMs / 5), serverTiming } as const;
    const resource = route.startsWith('/api') ? 'api' : 'document';
    seen.push({ ...answer, method, route, resource, status: failed ? 503 : 200 });
    for (let file = 0; file < assets; file += 1) {
      seen.push({ ...answer, method: 'GET', route: '/static/:hash/:file', resource: 'asset', status: 200 });
    }
    seen.push({
      ...base, kind: 'step', tMs, name, driverMs, clock: 'page', deadlineMs: plan.settings.stepDeadlineMs,
      ...(failed
        ? {
            outcome: 'timeout', perceivedMs: null, errorCode: 'J_STEP_TIMEOUT', screenshot: `failures/${base.vu}.png`,
            message: `getByRole('heading', { name: '<b>${name}</b>' }) was not visible before the deadline`,
          }
        : {
            outcome: 'passed', perceivedMs,
            attribution: {
              serverMs: perceivedMs * 0.5, networkMs: perceivedMs * 0.2, renderMs: perceivedMs * 0.3, slowestRequest: request,
            },
          }),
    });
    if (assets === 0) continue;
    for (const [vital, usual] of Object.entries(VITALS) as [keyof typeof VITALS, number][]) {
      const value = vital === 'INP' && random() < 0.5 ? null : near(usual);
      seen.push({ ...base, kind: 'vital', tMs, page, name: vital, value });
    }
  }
  const outcome = fails ? 'timeout' : 'passed';
  if (journey === 'agent task') {
    const cold = index % COLD < 5;
    if (cold) seen.push({ ...base, kind: 'coldStart', tMs, service: 'agent', durationMs: near(180) });
    seen.push({
      ...base, kind: 'agentTask', tMs, firstProgressMs: took[1] ?? null, outcome, degraded: false, cold,
      completedMs: fails ? null : (took[2] ?? 0) + (cold ? 180 : 0),
    });
  }
  return [...seen, {
    ...base, kind: 'journey', tMs: tMs + 6, startedMs, intendedMs: startedMs - 0.2, durationMs: tMs + 6 - startedMs,
    outcome,
    ...(fails ? { errorCode: 'J_STEP_TIMEOUT' } : {}),
  }];
}
