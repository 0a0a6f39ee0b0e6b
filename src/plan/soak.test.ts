import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSoakDuration } from './soak.ts';

test('a soak of another length keeps its rate, and the other phases stay', () => {
  const warmUp = { name: 'warm up', duration: 60, arrivalCount: 30 };
  const phases = [warmUp, { name: 'soak', duration: '72h', arrivalCount: 129_600 }];
  assert.deepEqual(withSoakDuration(phases, 3_600), [warmUp, { name: 'soak', duration: 3_600, arrivalCount: 1_800 }]);
  assert.deepEqual(withSoakDuration([{ name: 'soak', pause: '1h' }], 60), [{ name: 'soak', pause: 60 }]);
  assert.deepEqual(withSoakDuration([{ name: 'soak', duration: 100, arrivalRate: 2 }], 60), [{ name: 'soak', duration: 60, arrivalRate: 2 }]);
});

test('without the setting, or without phases, nothing changes', () => {
  for (const phases of [[{ name: 'soak', duration: 10 }], undefined, 'none', [null]]) assert.deepEqual(withSoakDuration(phases, undefined), phases);
  assert.deepEqual(withSoakDuration([null, { name: 'soak', duration: 'soon' }], 60), [null, { name: 'soak', duration: 'soon' }]);
});
