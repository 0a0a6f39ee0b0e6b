import { binsOf } from '../../src/golden/api.ts';
import type {
  ApiObservation, CanaryObservation, HealthObservation, Plan, ServerObservation,
} from '../../src/model/index.ts';

/** A stretch of load, as it went. */
export interface Loaded {
  phase: string;
  fromMs: number;
  toMs: number;
}

/** As often as the harness looks: see src/collect/health-thread.ts and src/drive/canary.ts. */
const HEALTH_EVERY_MS = 450;
const CLICK_EVERY_MS = { observer: 1_000, crowd: 2_000 } as const;
/** A disturbed stretch of half a minute every six hours. */
const DISTURBED_EVERY_MS = 21_600_000;
const DISTURBED_MS = 30_000;

const outside = { v: 1, vu: null, journey: null } as const;
const isDisturbed = (tMs: number): boolean => {
  const sinceMs = (tMs % DISTURBED_EVERY_MS) - DISTURBED_EVERY_MS / 2;
  return sinceMs > 0 && sinceMs < DISTURBED_MS;
};

type Made<T> = Generator<T, void>;

export function* healthOf({ runId }: Plan, { phase, fromMs, toMs }: Loaded, random: () => number): Made<HealthObservation> {
  for (let tMs = fromMs + HEALTH_EVERY_MS; tMs < toMs; tMs += HEALTH_EVERY_MS) {
    yield {
      ...outside, runId, phase, tMs, kind: 'health', cpuShare: 0.3 + 0.2 * random(), cpuOfLimitShare: null,
      cpuPressureShare: 0.1 * random(), cpuStealShare: 0, loopDelayMaxMs: 12 * random(),
      rssBytes: 420_000_000 + Math.floor(4e6 * random()), memoryUsedBytes: 2_100_000_000 + Math.floor(1e8 * random()),
      memoryAvailableBytes: 5_900_000_000, swapUsedBytes: 0, swapInBytesPerSecond: 0, browserProcesses: 14,
      browserMemoryBytes: 310_000_000, openFiles: 120, diskFreeBytes: 80_000_000_000, activeUsers: Math.floor(4 * random()),
    };
  }
}

export function* clicksOf({ runId }: Plan, { phase, fromMs, toMs }: Loaded, random: () => number): Made<CanaryObservation> {
  for (const role of ['observer', 'crowd'] as const) {
    const idleMs = 61;
    for (let tMs = fromMs + 500; tMs < toMs; tMs += CLICK_EVERY_MS[role]) {
      const excessMs = 4 * random() - 1 + (isDisturbed(tMs) ? 80 : 0);
      const latencyMs = idleMs + excessMs;
      yield {
        ...outside, runId, phase, tMs, kind: 'canary', role, outcome: 'passed', latencyMs, idleMs, excessMs,
        driverMs: latencyMs + 20,
      };
    }
  }
}

export function* readingsOf(plan: Plan, { phase, fromMs, toMs }: Loaded, random: () => number): Made<ServerObservation> {
  const { runId, kpis, metrics } = plan;
  if (!metrics) return;
  for (let tMs = fromMs + metrics.everyMs; tMs < toMs; tMs += metrics.everyMs) {
    for (const { id, unit } of kpis) {
      yield { ...outside, runId, phase, tMs, kind: 'server', metric: id, labels: {}, value: 40 + 10 * random(), unit };
    }
  }
}

/** One window a route of what the plan's scenarios send at their share. */
export function* windowsOf({ runId, api }: Plan, loaded: Loaded, random: () => number): Made<ApiObservation> {
  if (!api) return;
  const { phase, fromMs: beginMs, toMs: endMs } = loaded;
  const share = api.loads.find((load) => load.phase === phase)?.share ?? 0;
  const routes = api.scenarios.flatMap(({ name, ratePerSecond, flows }) => {
    const weights = flows.reduce((sum, { weight }) => sum + weight, 0);
    return flows.flatMap(({ weight, requests }) =>
      requests.map(({ route }) => ({ scenario: name, route, perSecond: (share * ratePerSecond * weight) / weights })));
  });
  for (let fromMs = beginMs; fromMs < endMs; fromMs += api.windowMs) {
    const toMs = Math.min(endMs, fromMs + api.windowMs);
    for (const { scenario, route, perSecond } of routes) {
      const scheduled = Math.round((perSecond * (toMs - fromMs)) / 1_000);
      if (scheduled === 0) continue;
      const failed = random() < 0.001 ? 1 : 0;
      const ok = scheduled - failed;
      const took = binsOf(Array.from({ length: ok }, () => 4 + 8 * random() ** 2 + (random() < 0.01 ? 40 : 0)));
      yield {
        ...outside, runId, phase, tMs: toMs + 400, kind: 'api', scenario, route, fromMs, toMs, scheduled, sent: scheduled,
        late: 0, maxLateMs: 1.2, ok, failed: failed === 0 ? {} : { 'status 503': failed }, unfinished: 0,
        timeoutMs: api.timeoutMs, latency: took, service: took,
      };
    }
  }
}
