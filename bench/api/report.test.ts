import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aimsOf, CORE_RATE, type Case } from './report.ts';
import { LANE, TOOLS, WRK } from './tools.ts';
import type { Trial } from './trial.ts';

function trialOf(p99Ms: number | null, requestsPerSecond = 100, cores = 0.1): Trial {
  return {
    measured: { p50Ms: 10, p99Ms, ok: 1, failed: 0, late: null }, truth: { n: 1, p50Ms: 10, p99Ms: 11, firstMs: 0, lastMs: 1 },
    requestsPerSecond, cores,
  };
}

const caseOf = (tool: string, ratePerSecond: number | null, trials: Trial[]): Case => ({ tool, ratePerSecond, trials, skipped: null });

test('each aim is the median of its rounds, and what was not measured is not met', () => {
  const cases = [
    caseOf(LANE, 250, [trialOf(12), trialOf(50), trialOf(13)]), caseOf(WRK, 250, [trialOf(14), trialOf(14), trialOf(15)]),
    caseOf(LANE, 1_000, [trialOf(12)]), { ...caseOf(WRK, 1_000, []), skipped: 'none' },
    caseOf(LANE, null, [trialOf(1, 9_000, 0.9)]), caseOf(LANE, CORE_RATE, [trialOf(1, 256, 0.3)]),
  ];
  assert.deepEqual(aimsOf(cases).map(({ id, observed, met }) => [id, observed, met]), [
    ['requests-a-second-a-core', 10_000, true], ['cores-at-256-a-second', 0.3, false],
    ['p99-off-wrk-at-250-a-second', 1, true], ['p99-off-wrk-at-1000-a-second', null, false],
  ]);
});

test("wrk's report is read in its units", () => {
  const text = '  Latency Distribution\n     50%  812.00us\n     99%   12.50ms\n  2456 requests in 10.00s, 1.2MB read\n  Socket errors: connect 1, read 0, write 0, timeout 2\n  Non-2xx or 3xx responses: 7\n';
  const order = { url: '', ratePerSecond: null, seconds: 1, connections: 1, folder: '' };
  const wrk = TOOLS.find(({ id }) => id === WRK);
  assert.deepEqual(wrk?.read(text, order), { p50Ms: 0.812, p99Ms: 12.5, ok: 2449, failed: 10, late: null });
});
