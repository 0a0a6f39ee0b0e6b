import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileOf, profileText } from './profile.ts';

test('users are the rate times the session, which is mostly pauses', () => {
  const profile = profileOf({ users: 200, holdS: 600, ratePerSecond: 2 });
  assert.deepEqual([profile.sessionS, profile.fillS], [100, 180]);
  const middle = (profile.thinkS.min + profile.thinkS.max) / 2;
  assert.ok(Math.abs(2.4 * middle + 2 - 100) < 1);
});

test('the profile has whole users in every phase, and room above their number', () => {
  const { config } = JSON.parse(profileText(profileOf({ users: 30, holdS: 15, ratePerSecond: 2.5 }), '/p.mts')) as {
    config: { phases: { arrivalCount: number }[]; plugins: { journeys: { maxUsers: number } } };
  };
  assert.deepEqual(
    config.phases.map((phase) => phase.arrivalCount),
    [55, 38],
  );
  assert.equal(config.plugins.journeys.maxUsers, 49);
});
