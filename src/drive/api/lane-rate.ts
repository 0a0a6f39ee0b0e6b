import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiPlan, ApiRequest, Phase } from '../../model/index.ts';
import { searchRate } from '../rate-search.ts';
import { monotonicMs } from '../run-clock.ts';
import { ApiLane, type LaneSummary } from './lane.ts';

const TRIAL_MS = 2_000;
/** A phase begins a moment after the news of it, and is left its whole length. */
const LEAD_MS = 100;
/** Requests that leave later than this are late; as in a plan that says nothing else. */
const LATE_MS = 10;
/** The share of late requests from which a window is not judged (documentation/slo.md). */
const MOST_LATE = 0.05;
const LEAST_ANSWERED = 0.99;
/** A machine that sends more than this is no bound to any plan. */
const MOST_PER_SECOND = 64_000;

/**
 * Returns the most requests a second that one thread of the API lane sends in time to a small local page, whose server
 * takes its part of the same processors; null where not even the lowest rate held. Takes about 20 s.
 */
export async function findLaneRate(url: string, folder: string, progress: (line: string) => void): Promise<number | null> {
  const found = await searchRate(
    { startPerSecond: 500, maxPerSecond: MOST_PER_SECOND, refinements: 2, chances: 2 },
    async (ratePerSecond) => {
      const { sent, ok, late } = await trial(url, folder, ratePerSecond);
      const due = (ratePerSecond * TRIAL_MS) / 1_000;
      const held = ok >= LEAST_ANSWERED * due && late <= MOST_LATE * sent;
      const share = sent === 0 ? 'none sent' : `${Math.round((100 * late) / sent)} % late`;
      progress(`${ratePerSecond} API requests a second: ${Math.round((100 * ok) / due)} % answered, ${share}${held ? '' : ': too many'}`);
      return held;
    },
  );
  return found.bestPerSecond;
}

async function trial(targetUrl: string, runDir: string, ratePerSecond: number): Promise<LaneSummary> {
  const lane = new ApiLane({
    plan: planOf(ratePerSecond), phases: [PHASE], runId: 'calibration', seed: 1, targetUrl, headers: {}, sessions: {}, runDir,
    startedAtMonotonicMs: monotonicMs(),
    onWindow: (summary) => (last = summary), onLost: () => {}, onPastKnee: () => {},
  });
  let last: LaneSummary = { tMs: 0, phase: null, sentPerSecond: 0, sent: 0, ok: 0, failed: 0, late: 0, inFlight: 0, p95Ms: null };
  await lane.ready;
  lane.phaseStarted(PHASE.name, 0);
  await sleep(TRIAL_MS + LEAD_MS);
  await lane.stop({ interrupted: false });
  return last;
}

const PHASE: Phase = {
  name: 'calibration', durationS: TRIAL_MS / 1_000, arrivalRate: null, rampTo: null, arrivalCount: null, pause: true,
};
const REQUEST: ApiRequest = {
  method: 'GET', path: '/answer', route: 'GET /answer', params: [], body: null, data: null, session: false, capture: {}, sloP95Ms: null,
};

function planOf(ratePerSecond: number): ApiPlan {
  return {
    source: 'calibration', scenarios: [{ name: 'answers', ratePerSecond, users: 0, flows: [{ weight: 1, requests: [REQUEST] }] }],
    session: null, arrivals: 'constant', loads: [{ phase: PHASE.name, share: 1, to: null }], timeoutMs: 1_000, windowMs: 1_000,
    threads: 1, connections: 64, lateSendMs: LATE_MS, stopPastKnee: false,
  };
}
