import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { drillTable } from '../../src/report/drill-table.ts';
import { assertAllGone, onlyRun, startArtillery } from './artillery.ts';
import { recordOf } from './short.ts';

const PROFILE = ['--config', 'artillery/profiles/drills.yml'];

test('a total outage of payments, held for real: the breaker opens and closes, users are told, no money is lost', { timeout: 240_000 }, async (t) => {
  const run = startArtillery(t, { args: PROFILE, env: { DRILLS: 'payments-down' } });
  const finished = await run.finished;
  const record = recordOf(finished);
  const [drill, ...others] = record.drills ?? [];
  assert.deepEqual(others, []);
  assert.ok(drill, finished.output);
  assert.deepEqual(record.plan.phases.map(({ name }) => name), ['warm up', 'payments-down']);
  const events = drill.timeline.map(({ event }) => event);
  for (const event of ['fault in', 'breaker open', 'first degraded page', 'fault out', 'half open', 'closed']) assert.ok(events.includes(event), `${event}: ${events.join(', ')}`);
  assert.ok(drill.opensAfterS !== null && drill.opensAfterS <= 10, String(drill.opensAfterS));
  const checkout = drill.journeys.find(({ journey }) => journey === 'escrow checkout');
  assert.ok(checkout && checkout.degraded > 0 && checkout.failed === 0, JSON.stringify(checkout));
  assert.equal(drill.integrityBreaches, 0);
  // Whether each figure is settled is the machine's business; that none of them is bad is the platform's.
  assert.notEqual(drill.verdict, 'fail', finished.output);
  assert.ok([0, 2].includes(finished.exitCode ?? -1), finished.output);
  assert.match(finished.output, /payments-down +\d+ expectations? met|payments-down +not settled/);
  assert.match(drillTable(record, 160), /payments-down/);
  const rollback = readFileSync(join(onlyRun(finished.reports), 'rollback.json'), 'utf8');
  assert.doesNotMatch(rollback, /"state": "(due|failed)"/);
  await assertAllGone(run);
});
