import type { FastifyInstance } from 'fastify';
import type { PartConfig } from '../shared/part.ts';
import { seededRandom } from '../shared/random.ts';

/** `drift`: what an API request takes more at the start; long enough to tell its growth from a timer's jitter. */
const DRIFT_BASE_MS = 40;
/** `slow-recovery`: API requests at once in one worker that set it off, and what it then costs each. */
const RUSH_IN_FLIGHT = 8;
const SLOW_MS = 250;
const MS_PER_HOUR = 3_600_000;

/** What planted faults add to API requests. Times in ms, from the caller. */
export function createDelays(config: Pick<PartConfig, 'faults' | 'workers' | 'startedEpochMs' | 'seed' | 'slot'>) {
  const { faults, workers } = config;
  // Timers know whole milliseconds: seeded rounding up or down keeps the mean exact.
  const random = seededRandom(config.seed + config.slot);
  const serviceMs = faults.capacity === undefined ? 0 : (1000 * workers.max) / faults.capacity;
  let freeMs = 0;
  let slowUntilMs = -Infinity;

  return {
    /** What a request waits before it counts as being served: the slowness that a rush leaves behind. */
    slowMs: (nowMs: number): number => nowMs < slowUntilMs ? SLOW_MS : 0,
    /** What serving it takes more, now that `inFlight` are being served with it. */
    serviceMs(nowMs: number, epochMs: number, inFlight: number): number {
      let totalMs = faults['api-delay'] ?? 0;
      if (faults.drift !== undefined) {
        totalMs += DRIFT_BASE_MS * (1 + (faults.drift / 100) * ((epochMs - config.startedEpochMs) / MS_PER_HOUR));
      }
      if (serviceMs > 0) {
        // One at a time, each for the same time, in the order of arrival: the rate at which a queue grows is exact.
        freeMs = Math.max(nowMs, freeMs) + serviceMs;
        totalMs += freeMs - nowMs;
      }
      if (inFlight >= RUSH_IN_FLIGHT) slowUntilMs = nowMs + (faults['slow-recovery'] ?? 0) * 1000;
      return Math.floor(totalMs + random());
    },
  };
}

/** Plants the faults that were asked for into one web worker. */
export function plantFaults(app: FastifyInstance, config: PartConfig): void {
  const { leak, drift, capacity, 'slow-recovery': slowRecovery, 'api-delay': apiDelay } = config.faults;
  // Only in the first worker, which is never let go: so the platform leaks at this rate however many there are.
  if (leak !== undefined && config.slot === 1) {
    const kept: Buffer[] = [];
    setInterval(() => kept.push(Buffer.alloc(Math.round((leak * 1024 * 1024) / 60), 1)), 1000).unref();
  }
  if ([drift, capacity, slowRecovery, apiDelay].every((fault) => fault === undefined)) return;
  const delays = createDelays(config);
  let inFlight = 0;
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.url.startsWith('/api/')) return done();
    const serve = (): void => {
      if (reply.raw.closed) return done();
      inFlight += 1;
      reply.raw.once('close', () => (inFlight -= 1));
      const waitMs = delays.serviceMs(performance.now(), Date.now(), inFlight);
      if (waitMs > 0) setTimeout(done, waitMs);
      else done();
    };
    const slowMs = delays.slowMs(performance.now());
    if (slowMs > 0) setTimeout(serve, slowMs);
    else serve();
  });
}
