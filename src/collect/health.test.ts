import assert from 'node:assert/strict';
import { once, EventEmitter } from 'node:events';
import { test } from 'node:test';
import { HealthSampler, type HealthSample } from './health.ts';

test('a sample comes each second, in shares and bytes that can be, and none after stop', { timeout: 20_000 }, async () => {
  const events = new EventEmitter();
  const samples: HealthSample[] = [];
  const sampler = new HealthSampler((sample) => {
    samples.push(sample);
    events.emit('sample');
  });
  // The sampler's own timer keeps no process alive; this one does, until two samples are there.
  const alive = setInterval(() => {}, 1_000);
  await once(events, 'sample');
  await once(events, 'sample');
  sampler.stop();
  clearInterval(alive);

  for (const { cpuShare, cpuPressureShare, loopDelayMaxMs, rssBytes } of samples) {
    assert.ok(cpuShare !== null && cpuShare >= 0 && cpuShare <= 1, `cpu ${cpuShare}`);
    assert.ok(cpuPressureShare === null || (cpuPressureShare >= 0 && cpuPressureShare <= 1), `pressure ${cpuPressureShare}`);
    assert.ok(loopDelayMaxMs === null || loopDelayMaxMs >= 0, `loop ${loopDelayMaxMs}`);
    assert.ok(rssBytes !== null && rssBytes > 1_000_000, `rss ${rssBytes}`);
  }
  const count = samples.length;
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  assert.equal(samples.length, count);
});

test('a single stall of the event loop shows at its length in the next sample', { timeout: 20_000 }, async () => {
  const block = setTimeout(() => {
    const untilMs = performance.now() + 200;
    while (performance.now() < untilMs);
  }, 300);
  const sample = await new Promise<HealthSample>((resolve) => {
    const sampler = new HealthSampler((one) => {
      sampler.stop();
      resolve(one);
    });
  });
  clearTimeout(block);
  assert.ok((sample.loopDelayMaxMs ?? 0) > 150, `loop delay ${sample.loopDelayMaxMs} ms`);
});
