/**
 * Writes the golden run: invented but realistic observations, the same ones every time. Run it after a change of the
 * observation format: node src/golden/generate.ts && node src/cli/judge.ts src/golden/run
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { HealthObservation } from '../model/index.ts';
import type { Attribution, CanaryObservation, Environment, Observation, Outcome, Plan } from '../model/index.ts';
import { readSlo } from '../plan/slo.ts';
import { API, apiWindows, serverValues } from './lane.ts';
import { goldenPayments } from './payments.ts';
import { seeded } from './random.ts';

const RUN_ID = 'golden-smoke';
const USERS = 120;
const FOLDER = new URL('./run/', import.meta.url);

const JOURNEYS: Record<string, readonly { step: string; usualMs: number; page: string; request: string }[]> = {
  'search page view': [
    { step: 'landing page', usualMs: 120, page: '/find/:slug', request: 'GET /find/:slug' },
    { step: 'suggestions', usualMs: 90, page: '/find/:slug', request: 'GET /api/v1/search/suggestions' },
    { step: 'creator page', usualMs: 130, page: '/creators/:id', request: 'GET /api/v1/creators' },
  ],
  signup: [
    { step: 'open signup', usualMs: 100, page: '/signup', request: 'GET /signup' },
    { step: 'submit signup', usualMs: 200, page: '/welcome', request: 'POST /api/v1/auth/signup' },
  ],
  'project creation': [
    { step: 'open form', usualMs: 110, page: '/projects/new', request: 'GET /projects/new' },
    { step: 'create project', usualMs: 180, page: '/projects/:id', request: 'POST /api/v1/projects' },
  ],
  'escrow checkout': [
    { step: 'open checkout', usualMs: 140, page: '/checkout/:id', request: 'GET /checkout/:id' },
    { step: 'pay into escrow', usualMs: 300, page: '/checkout/:id', request: 'POST /api/v1/payments/escrow/lock' },
  ],
  'agent task': [
    { step: 'open project', usualMs: 120, page: '/projects/:id', request: 'GET /projects/:id' },
    { step: 'first progress', usualMs: 400, page: '/projects/:id', request: 'POST /api/v1/agent/tasks' },
    { step: 'brief complete', usualMs: 2100, page: '/projects/:id', request: 'GET /api/v1/projects/:id' },
  ],
};

const tenth = (ms: number): number => Math.round(ms * 10) / 10;

/** Seven tenths on the server, one on the network, the rest in the page. */
function attributionOf(perceivedMs: number, slowestRequest: string): Attribution {
  const [serverMs, networkMs] = [tenth(perceivedMs * 0.7), tenth(perceivedMs * 0.1)];
  return { serverMs, networkMs, renderMs: tenth(perceivedMs - serverMs - networkMs), slowestRequest };
}

/** Returns the observations of a run of `users` users with the given seed. */
export function goldenObservations(users = USERS, seed = 20): Record<'main' | 'worker' | 'health' | 'api' | 'server' | 'ledger', Observation[]> {
  const random = seeded(seed);
  const near = (ms: number): number => tenth(ms * (0.8 + 0.4 * random() + (random() < 0.04 ? 0.9 : 0)));
  const names = Object.keys(JOURNEYS);
  const worker: Observation[] = [];
  const lengthMs = users * 750;
  for (let index = 0; index < users; index += 1) {
    const journey = names[index % names.length] ?? '';
    const role = random() < 0.6 ? 'observer' : 'crowd';
    const startedMs = tenth(index * 750 + random() * 300);
    const phase = startedMs < 10_000 ? 'warm up' : 'steady';
    const vu = `vu-${index + 1}`;
    const base = { v: 1, runId: RUN_ID, phase, vu, journey, role } as const;
    let clock = startedMs + 60;
    const outcome: Outcome =
      index === 57 ? 'failed' : index === 88 ? 'dropped' : index === users - 1 ? 'interrupted' : 'passed';
    const steps = outcome === 'dropped' ? [] : (JOURNEYS[journey] ?? []);
    const spent: number[] = [];
    for (const [number, step] of steps.entries()) {
      const isLast = number === steps.length - 1;
      const ended: Outcome = isLast ? outcome : 'passed';
      const perceivedMs = near(index < 12 ? step.usualMs * 1.5 : step.usualMs);
      const driverMs = tenth(ended === 'failed' ? 10_000 : perceivedMs * 1.5 + 70);
      clock = tenth(clock + driverMs);
      spent.push(perceivedMs);
      const unmeasured = index === 46 && isLast;
      worker.push({
        ...base,
        tMs: clock,
        kind: 'step',
        name: step.step,
        perceivedMs: ended === 'passed' && !unmeasured ? perceivedMs : null,
        ...(ended === 'passed' && !unmeasured ? { attribution: attributionOf(perceivedMs, step.request) } : {}),
        driverMs,
        clock: 'page',
        deadlineMs: 10_000,
        outcome: ended,
        ...(unmeasured ? { unmeasured: 'the page was replaced before it could be read' } : {}),
        ...(ended === 'failed'
          ? {
              errorCode: 'J_STEP_TIMEOUT',
              message: 'the awaited element was not visible',
              screenshot: `failures/${vu}.png`,
            }
          : {}),
      });
      const [method = '', route = ''] = step.request.split(' ');
      worker.push({
        ...base,
        tMs: clock,
        kind: 'request',
        method,
        route,
        resource: route.startsWith('/api') ? 'api' : 'document',
        status: ended === 'failed' ? 503 : 200,
        durationMs: tenth(near(step.usualMs) / 6),
        serverTiming: { db: near(2) },
      });
      if (number > 0) continue;
      for (const [name, value] of [
        ['LCP', near(160)],
        ['CLS', Math.round(random() * 40) / 1000],
        ['INP', near(30)],
      ] as const) {
        worker.push({
          ...base,
          tMs: clock,
          kind: 'vital',
          page: step.page,
          name,
          value: name === 'INP' && random() < 0.3 ? null : value,
        });
      }
    }
    if (journey === 'agent task' && outcome !== 'dropped') {
      const cold = index < 10;
      if (cold) worker.push({ ...base, tMs: clock, kind: 'coldStart', service: 'agent', durationMs: near(640) });
      const passed = outcome === 'passed';
      worker.push({
        ...base,
        tMs: clock,
        kind: 'agentTask',
        firstProgressMs: spent[1] ?? null,
        completedMs: passed ? (spent[2] ?? null) : null,
        outcome,
        cold,
        degraded: index === 64,
      });
    }
    const error = outcome === 'failed' ? { errorCode: 'J_STEP_TIMEOUT' } : {};
    worker.push({
      ...base,
      tMs: tenth(clock + 20),
      kind: 'journey',
      startedMs,
      intendedMs: Math.max(0, tenth(startedMs - 1.5)),
      durationMs: tenth(clock + 20 - startedMs),
      outcome,
      ...error,
    });
  }
  const run = { v: 1, runId: RUN_ID, phase: null, vu: null, journey: null, kind: 'run' } as const;
  const main: Observation[] = [
    { ...run, tMs: 0, event: 'started' },
    { ...run, tMs: lengthMs + 2000, event: 'completed', counters: { 'vusers.created': users } },
  ];
  worker.push(...canaryClicks(lengthMs));
  const payers = worker.filter((one) => one.kind === 'journey').filter(({ journey, outcome }) => journey === 'escrow checkout' && outcome !== 'dropped');
  const payments = goldenPayments(RUN_ID, payers, lengthMs);
  return {
    main, worker: [...worker, ...payments.browser], ledger: payments.books, health: healthSamples(lengthMs),
    api: apiWindows(RUN_ID, lengthMs, phaseAt), server: serverValues(RUN_ID, lengthMs, phaseAt),
  };
}

const outside = { v: 1, runId: RUN_ID, vu: null, journey: null } as const;
const phaseAt = (tMs: number): string => (tMs < 10_000 ? 'warm up' : 'steady');

/** A click about every second in each browser, and one stretch in which something else takes the processor. */
function canaryClicks(lengthMs: number): CanaryObservation[] {
  const random = seeded(7);
  return (['observer', 'crowd'] as const).flatMap((role) => {
    const idleMs = role === 'observer' ? 68.2 : 69.1;
    const clicks: CanaryObservation[] = [];
    for (let startedMs = 1_200; startedMs < lengthMs; startedMs = tenth(startedMs + 700 + 600 * random())) {
      const disturbedMs = startedMs >= 50_500 && startedMs < 59_000 ? 60 + 50 * random() : 0;
      const latencyMs = tenth(idleMs + (role === 'crowd' ? 25 : -6) + 14 * random() + disturbedMs);
      const tMs = tenth(startedMs + latencyMs + 18);
      clicks.push({
        ...outside, phase: phaseAt(tMs), tMs, kind: 'canary', role, outcome: 'passed', latencyMs, idleMs,
        excessMs: tenth(latencyMs - idleMs), driverMs: tenth(latencyMs + 18),
      });
    }
    return clicks;
  });
}

/** Twice a second would only make the file large: once in five seconds tells the same. */
function healthSamples(lengthMs: number): HealthObservation[] {
  const random = seeded(11);
  return Array.from({ length: Math.floor(lengthMs / 5000) }, (_, index) => {
    const tMs = (index + 1) * 5000;
    return HealthObservation.parse({
      ...outside, phase: phaseAt(tMs), tMs, kind: 'health',
      cpuShare: Math.round(400 + random() * 200) / 1000, cpuPressureShare: 0.02, cpuStealShare: 0,
      loopDelayMaxMs: tenth(10 + 4 * random()), rssBytes: 180_000_000, activeUsers: 3,
      memoryUsedBytes: 2_100_000_000, memoryAvailableBytes: 5_900_000_000, browserProcesses: 14, openFiles: 60,
    });
  });
}

async function goldenPlan(): Promise<Plan> {
  const slo = readSlo(await readFile(new URL('./slo.yml', import.meta.url), 'utf8'), 'slo.yml', { profile: 'smoke' });
  const phase = { rampTo: null, arrivalCount: null, pause: false };
  return {
    schemaVersion: 1,
    runId: RUN_ID,
    seed: 20,
    startedAtEpochMs: 1_795_000_000_000,
    script: 'journeys.yml',
    target: { url: 'http://127.0.0.1:8085', embedded: true },
    profile: 'smoke',
    phases: [
      { name: 'warm up', durationS: 10, ...phase, arrivalRate: null, arrivalCount: 14 },
      { name: 'steady', durationS: 80, ...phase, arrivalRate: null, arrivalCount: 106 },
    ],
    journeys: Object.keys(JOURNEYS).map((name) => ({ name, weight: 1 })),
    settings: {
      observerShare: 0.6,
      maxObservers: 4,
      maxUsers: 60,
      stepDeadlineMs: 10_000,
      journeyDeadlineMs: 60_000,
      recycleAfterContexts: 200,
    },
    confidence: slo.slo.confidence,
    warmUpPhases: slo.slo.warm_up_phases,
    validity: slo.slo.validity,
    api: API,
    audit: { platform: 'http://127.0.0.1:8085/api/v1/payments/ledger', provider: 'http://127.0.0.1:8086', settleMs: 5_000, feeBasisPoints: 300 },
    metrics: { urls: ['http://127.0.0.1:8085/metrics'], prometheus: null, everyMs: 5_000 },
    kpis: slo.slo.kpis,
    ...(slo.slo.cost ? { cost: slo.slo.cost } : {}),
    budgets: [],
    gates: slo.gates,
    routes: ['/find/:slug'],
    gatesNotInProfile: slo.gatesNotInProfile,
    sourceHash: '0'.repeat(64),
  };
}

const ENVIRONMENT: Environment = {
  harnessVersion: '0.1.0',
  commit: null,
  nodeVersion: '24.0.0',
  artilleryVersion: '2.0.34',
  playwrightVersion: '1.65.1',
  browser: { name: 'chromium-headless-shell', version: '1.0', source: 'bundled' },
  os: 'Linux',
  cpuModel: 'golden',
  cores: 2,
  memoryBytes: 8_000_000_000,
  memoryLimitBytes: null,
  crowdPriority: 'autogroup 19',
};

/** Returns the text of every input file of the golden run, by name. */
export async function goldenFiles(): Promise<Record<string, string>> {
  const { main, worker, health, api, server, ledger } = goldenObservations();
  const lines = (observations: Observation[]): string => observations.map((one) => `${JSON.stringify(one)}\n`).join('');
  return {
    'plan.json': `${JSON.stringify(await goldenPlan(), null, 2)}\n`,
    'environment.json': `${JSON.stringify(ENVIRONMENT, null, 2)}\n`,
    'observations.api.ndjson': lines(api),
    'observations.health.ndjson': lines(health),
    'observations.ledger.ndjson': lines(ledger),
    'observations.main.ndjson': lines(main),
    'observations.server.ndjson': lines(server),
    'observations.worker-1.ndjson': lines(worker),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await mkdir(FOLDER, { recursive: true });
  for (const [name, text] of Object.entries(await goldenFiles())) await writeFile(new URL(name, FOLDER), text);
}
