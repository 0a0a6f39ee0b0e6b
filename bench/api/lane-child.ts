/** One run of the API lane by itself, in a process whose CPU time can be told apart; prints what it measured as JSON. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bins } from '../../src/drive/api/bins.ts';
import { ApiLane } from '../../src/drive/api/lane.ts';
import { monotonicMs } from '../../src/drive/run-clock.ts';
import type { ApiObservation, ApiPlan } from '../../src/model/index.ts';
import type { Measured, Order } from './tools.ts';

const { url, ratePerSecond, seconds, connections, folder } = JSON.parse(process.argv[2] ?? '{}') as Order;
const { origin, pathname } = new URL(url);
const runDir = join(folder, `lane-${process.pid}`);
mkdirSync(runDir);
const plan: ApiPlan = {
  source: 'benchmark', arrivals: 'constant', session: null, timeoutMs: 5_000, windowMs: 1_000, threads: 1, connections, lateSendMs: 10,
  stopPastKnee: false, loads: [{ phase: 'main', share: 1, to: null }],
  scenarios: [{
    name: 'bench', users: 0, ratePerSecond: ratePerSecond ?? 0,
    flows: [{
      weight: 1, requests: [{
        method: 'GET', path: pathname, route: `GET ${pathname}`, params: [], body: null, data: null, session: false, capture: {}, sloP95Ms: null,
      }],
    }],
  }],
};
const startedAtMonotonicMs = monotonicMs();
const lane = new ApiLane({
  plan, runId: 'bench-api', seed: 1, targetUrl: origin, headers: {}, sessions: {}, runDir, startedAtMonotonicMs,
  phases: [{ name: 'main', durationS: seconds, arrivalRate: 1, rampTo: null, arrivalCount: null, pause: false }],
  onWindow: () => {}, onPastKnee: () => {},
  onLost: (error) => {
    throw error;
  },
});
await lane.ready;
lane.phaseStarted('main', 0);
await sleep(seconds * 1_000 + 200);
await lane.stop({ interrupted: false });

const [latency, sum] = [new Bins(), { scheduled: 0, ok: 0, late: 0 }];
for (const file of readdirSync(runDir)) {
  for (const line of readFileSync(join(runDir, file), 'utf8').trim().split('\n')) {
    const window = JSON.parse(line) as ApiObservation;
    latency.merge(window.latency);
    sum.scheduled += window.scheduled;
    sum.ok += window.ok;
    sum.late += window.late;
  }
}
const measured: Measured = {
  p50Ms: latency.percentileMs(50), p99Ms: latency.percentileMs(99), ok: sum.ok, failed: sum.scheduled - sum.ok, late: sum.late,
};
console.log(JSON.stringify(measured));
