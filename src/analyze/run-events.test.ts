import assert from 'node:assert/strict';
import test from 'node:test';
import { runOf } from '../golden/samples.ts';
import type { RunObservation } from '../model/index.ts';
import { createRunEvents } from './run-events.ts';

type Said = [event: RunObservation['event'], tMs: number, created?: number];

function told(events: Said[]): ReturnType<ReturnType<typeof createRunEvents>['finish']> {
  const run = createRunEvents();
  for (const [event, tMs, created] of events) {
    run.add(runOf(event, tMs, created === undefined ? undefined : { 'vusers.created': created }) as RunObservation);
  }
  return run.finish();
}

test('a run ended as its last part did, in whatever order its parts are read', () => {
  const table: [name: string, events: Said[], ended: string, created: number | null][] = [
    ['killed', [['started', 0]], '', null],
    ['whole', [['started', 0], ['completed', 90, 12]], 'completed', 12],
    ['interrupted', [['started', 0], ['interrupted', 40], ['interrupted', 50, 7]], 'interrupted', 7],
    ['interrupted, then resumed to its end', [['started', 0], ['interrupted', 50, 7], ['resumed', 51], ['completed', 90, 5]], 'completed', 12],
    ['killed, then resumed: nobody counted the first part', [['started', 0], ['resumed', 51], ['completed', 90, 5]], 'completed', null],
    ['resumed, and killed again', [['interrupted', 50, 7], ['resumed', 51]], '', null],
    ['stopped past the knee', [['started', 0], ['stopped', 80], ['completed', 82, 3]], 'completed', 3],
    ['stopped, and killed while it ended', [['started', 0], ['stopped', 80]], '', null],
  ];
  for (const [name, events, ended, created] of table) {
    for (const order of [events, events.toReversed()]) {
      const said = told(order);
      assert.equal(Object.entries(said.ended).filter(([, is]) => is).map(([how]) => how).join(), ended, name);
      assert.equal(said.artilleryCreated, created, name);
    }
  }
  assert.equal(told([['stopped', 80]]).stopped, 'as planned');
});
