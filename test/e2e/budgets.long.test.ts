import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runArtillery } from './artillery.ts';
import { ERROR_GATE, LCP_GATE, recordOf, shortScript } from './short.ts';

const JOURNEYS = ['search page view', 'signup', 'project creation', 'escrow checkout', 'agent task'];
/** Every user calls once, two come a second, and one a second may. */
const PARTY = `{ name: payments, calls_per_second: 1, max_wait_seconds: 1.2, source: test, journeys: { ${JOURNEYS.map((name) => `${name}: 1`).join(', ')} } }`;
const GATES = [LCP_GATE, `${ERROR_GATE}\nthird_parties:\n  - ${PARTY}`];

test('a plan that asks a third party for more than it allows is refused; forced, its users wait, and some are turned away', async (t) => {
  const script = shortScript(t, '{ name: short, duration: 10, arrivalCount: 20 }', GATES);
  const refused = await runArtillery(t, { script });
  assert.equal(refused.exitCode, 3, refused.output);
  assert.match(refused.output, /J_BUDGET .*\n.*\.yml: the plan asks payments, which allows 1 call a second, for 2 in phase "short"/);

  const forced = await runArtillery(t, { script, env: { FORCE: '1' } });
  assert.equal(forced.exitCode, 2, forced.output);
  const { plan, budgets, arrivals, totals, verdict } = recordOf(forced);
  assert.match(plan.forced ?? '', /asks payments, which allows 1 call a second, for 2/);
  const users = budgets?.[0]?.users;
  assert.ok(users && users.arrived === 20 && users.waited > 2 && users.turnedAway > 2 && users.longestWaitMs <= 1_200, JSON.stringify(users));
  assert.equal(totals.byOutcome['dropped'], users.turnedAway);
  assert.equal(arrivals[0]?.started, 20 - users.turnedAway);
  const [lcp, errors] = verdict.gates;
  // Whoever was turned away is no error of the target; and what the rest met is not the load of the plan.
  assert.equal(errors?.n, 20 - users.turnedAway);
  assert.equal(lcp?.status, 'inconclusive');
  // Beside other tests the observers may be disturbed as well, which is then told first.
  assert.match(lcp.hint ?? '', /^not the planned load: .* for a third party's budget|^observers disturbed/);
});
