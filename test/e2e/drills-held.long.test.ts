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
  const checkout = drill.journeys.find(({ journey }) => journey === 'escrow checkout');
  assert.ok(checkout && checkout.degraded > 0, JSON.stringify(checkout));
  assert.equal(drill.integrityBreaches, 0);
  // Beside other tests no figure is anybody's; what happened, in which order, and the money are.
  assert.ok([0, 1, 2].includes(finished.exitCode ?? -1), finished.output);
  assert.ok(['fault in', 'breaker open', 'fault out', 'closed'].map((event) => events.indexOf(event)).every((at, index, all) => index === 0 || at > (all[index - 1] ?? -1)), events.join(', '));
  assert.match(drillTable(record, 160), /payments-down/);
  const rollback = readFileSync(join(onlyRun(finished.reports), 'rollback.json'), 'utf8');
  assert.doesNotMatch(rollback, /"state": "(due|failed)"/);
  await assertAllGone(run);
});

test('Ctrl-C in the middle of a fault takes it out, and leaves nothing running', { timeout: 120_000 }, async (t) => {
  const run = startArtillery(t, { args: PROFILE, env: { DRILLS: 'storage-down' } });
  await run.said('storage-down: in');
  run.child.kill('SIGINT');
  const finished = await run.finished;
  assert.equal(finished.exitCode, 130, finished.output);
  assert.match(finished.output, /storage-down: out/);
  const [drill] = recordOf(finished).drills ?? [];
  assert.equal(drill?.verdict, 'not judged');
  assert.match(drill?.reason ?? '', /the run ended before the drill did/);
  await assertAllGone(run);
});
