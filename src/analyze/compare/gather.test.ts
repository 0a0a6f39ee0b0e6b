import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Observation, RunRecord } from '../../model/index.ts';
import { quantileOf } from '../order-bounds.ts';
import { seriesKey } from '../series.ts';
import { createGatherer } from './gather.ts';
import { quantile, samplesOf } from './samples.ts';

const RUN = fileURLToPath(new URL('../../golden/run', import.meta.url));
/** Those that come from samples of times which are compared. */
const METRICS = ['perceived_latency', 'driver_latency', 'journey_duration', 'vital', 'request_latency', 'agent_completion', 'agent_first_progress', 'api_latency', 'api_service_time'];

async function golden(): Promise<{ record: RunRecord; observations: Observation[] }> {
  const record = RunRecord.parse(JSON.parse(await readFile(join(RUN, 'record.json'), 'utf8')));
  const names = (await readdir(RUN)).filter((name) => name.endsWith('.ndjson'));
  const lines = (await Promise.all(names.map((name) => readFile(join(RUN, name), 'utf8')))).flatMap((text) => text.split('\n').filter((line) => line !== ''));
  return { record, observations: lines.flatMap((line) => Observation.safeParse(JSON.parse(line)).data ?? []) };
}

test('what is gathered is what the findings rest on: the same n, censored, unmeasured and percentiles, warm-up and disturbance left out', async () => {
  const { record, observations } = await golden();
  const gatherer = createGatherer(record.plan, record.validity.windows);
  for (const one of observations) gatherer.add(one);
  const { latencies, designEffects } = gatherer.finish();
  const series = new Map(latencies.map((one) => [seriesKey(one.metric, one.scope), samplesOf(one)]));
  let checked = 0;
  for (const finding of record.findings) {
    if (!METRICS.includes(finding.metric) || finding.n + finding.unmeasured === 0) continue;
    const name = `${seriesKey(finding.metric, finding.scope)} ${finding.stat}`;
    const samples = series.get(seriesKey(finding.metric, finding.scope));
    assert.ok(samples, name);
    const value = quantile(samples, quantileOf(finding.stat));
    assert.deepEqual([samples.n, samples.censored, samples.unmeasured], [finding.n, finding.censored, finding.unmeasured], name);
    assert.equal(value === null || !Number.isFinite(value) ? null : value, finding.value, name);
    checked += 1;
  }
  assert.ok(checked > 100, `${checked} findings checked`);
  assert.ok(designEffects.every(({ value }) => value >= 1) && designEffects.length > 0);
});

test('the order of the observations does not matter', async () => {
  const { record, observations } = await golden();
  const gathered = [observations, observations.toReversed()].map((some) => {
    const gatherer = createGatherer(record.plan, record.validity.windows);
    for (const one of some) gatherer.add(one);
    return new Map(gatherer.finish().latencies.map((one) => [seriesKey(one.metric, one.scope), samplesOf(one)]));
  });
  const [first, second] = gathered;
  assert.deepEqual([...(first ?? [])].map(([key]) => key).sort(), [...(second ?? [])].map(([key]) => key).sort());
  for (const [key, samples] of first ?? []) {
    const other = second?.get(key);
    assert.deepEqual([samples.values, samples.n, samples.userCount], [other?.values, other?.n, other?.userCount], key);
  }
});
