import assert from 'node:assert/strict';
import test from 'node:test';
import { CodedError } from '../../errors.ts';
import { compressProfile, onlyDrills, profileSeconds } from './scale.ts';

const HOW = { scale: 10, leastS: 60, processor: '/repo/artillery/processor.mts' };

interface Compressed {
  config: { phases: Record<string, unknown>[]; processor?: string; plugins: { journeys: Record<string, unknown> } };
}

function compressed(profile: unknown, how = HOW): { factor: number; durationS: number; config: Compressed['config'] } {
  const { text, ...rest } = compressProfile(profile, 'p.yml', how);
  return { ...rest, config: (JSON.parse(text) as Compressed).config };
}

const profileOf = (phases: unknown[], journeys: object = {}): object => ({
  config: { phases, processor: '../processor.mts', plugins: { journeys: { profile: 'p', ...journeys } } },
});

test('every phase is shortened in the same proportion, and its rate stays', () => {
  const { config, durationS, factor } = compressed(
    profileOf([
      { name: 'warm up', duration: 100, arrivalCount: 50 },
      { name: 'load', duration: '20m', arrivalRate: 2, rampTo: 4 },
      { name: 'rest', pause: '2m' },
    ]),
  );
  assert.equal(factor, 10);
  assert.deepEqual(config.phases, [
    { name: 'warm up', duration: 10, arrivalCount: 5 },
    { name: 'load', duration: 120, arrivalRate: 2, rampTo: 4 },
    { name: 'rest', pause: 12 },
  ]);
  assert.equal(durationS, 142);
});

test('a run gets no shorter than its least, and never longer than it was', () => {
  assert.equal(compressed(profileOf([{ name: 'a', duration: 90, arrivalRate: 1 }])).durationS, 60);
  const short = compressed(profileOf([{ name: 'a', duration: 30, arrivalRate: 1 }]));
  assert.deepEqual([short.durationS, short.factor], [30, 1]);
  const soak = compressed(profileOf([{ name: 'soak', duration: '72h', arrivalCount: 129_600 }]), {
    ...HOW,
    scale: 1_000_000,
    leastS: 120,
  });
  assert.deepEqual([soak.durationS, soak.factor], [120, 2_160]);
  assert.equal(soak.config.phases[0]?.arrivalCount, 60);
});

test('a phase keeps five seconds, or what it had', () => {
  const { config } = compressed(
    profileOf([
      { name: 'a', duration: 20, arrivalRate: 1 },
      { name: 'b', duration: 3, arrivalRate: 1 },
      { name: 'c', duration: 6_000, arrivalRate: 1 },
    ]),
  );
  assert.deepEqual(
    config.phases.map((phase) => phase.duration),
    [5, 3, 600],
  );
});

test('think times, windows and scrapes shrink with the phases; the processor is found from anywhere', () => {
  const { config } = compressed(
    profileOf([{ name: 'a', duration: 1_200, arrivalRate: 2 }], {
      thinkTimeSeconds: { min: 20, max: 60 },
      api: { share: 0.2, windowSeconds: 30 },
      metrics: { everySeconds: 10 },
      maxUsers: 260,
    }),
  );
  assert.equal(config.processor, HOW.processor);
  assert.deepEqual(config.plugins.journeys, {
    profile: 'p',
    thinkTimeSeconds: { min: 2, max: 6 },
    api: { share: 0.2, windowSeconds: 3 },
    metrics: { everySeconds: 1 },
    maxUsers: 260,
  });
  const defaults = compressed(profileOf([{ name: 'a', duration: 1_200, arrivalRate: 2 }], { api: {}, metrics: {} }), {
    ...HOW,
    scale: 2,
  });
  assert.deepEqual(defaults.config.plugins.journeys, {
    profile: 'p',
    api: { windowSeconds: 5 },
    metrics: { everySeconds: 3 },
  });
});

test('a profile without phases or durations is a coded error with its place', () => {
  for (const [profile, expected] of [
    [null, /p\.yml config\.phases/],
    [profileOf([]), /p\.yml config\.phases/],
    [profileOf([{ name: 'a', arrivalRate: 1 }]), /config\.phases "a"/],
    [profileOf([{ name: 'a', duration: 'soon', arrivalRate: 1 }]), /config\.phases "a"/],
    [profileOf(['a']), /config\.phases/],
  ] as const) {
    assert.throws(
      () => profileSeconds(profile, 'p.yml'),
      (error) => error instanceof CodedError && expected.test(error.faults[0]?.where ?? ''),
    );
  }
});

test('of drills some are held in their full length, and the phases of the others go', () => {
  const drills = { files: ['drills/payments-down.yml', 'drills/model-down.yml'] };
  const phases = [{ name: 'warm up', duration: 10 }, { name: 'payments-down', duration: 45 }, { name: 'model-down', duration: 45 }];
  const profile = profileOf(phases, { drills });
  assert.equal(profileSeconds(onlyDrills(profile, ['model-down']), 'p.yml'), 55);
  assert.equal(onlyDrills(profile, undefined), profile);
});
