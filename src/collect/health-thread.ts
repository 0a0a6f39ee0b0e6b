/** The health thread: samples at a steady rate, writes its own file, and shows each sample to the thread that started it. */
import { parentPort, workerData } from 'node:worker_threads';
import { OBSERVATION_VERSION, type HealthObservation } from '../model/index.ts';
import { HealthSampler } from './health-sampler.ts';
import { Heart, type HealthOrder, type HealthSetup } from './heart.ts';
import { Recorder } from './recorder.ts';

/** A little over twice a second. */
const EVERY_MS = 450;

const setup = workerData as HealthSetup;
const heart = new Heart(setup.shared);
const recorder = new Recorder(setup.file, (error) => parentPort?.postMessage({ lost: error.message }));
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
const sampler = new HealthSampler(nowMs(), setup.reportsFolder);
/** Unknown until the users' thread has told them once. */
let pids: readonly number[] | null = null;
let phase: string | null = null;

const timer = setInterval(() => {
  const atMs = nowMs();
  const sample: HealthObservation = {
    v: OBSERVATION_VERSION, kind: 'health', runId: setup.runId, tMs: Math.max(0, Math.round((atMs - setup.startedAtMonotonicMs) * 10) / 10), phase, vu: null, journey: null,
    ...sampler.sample(atMs, pids),
    loopDelayMaxMs: heart.takeLongestDelayMs(),
    activeUsers: heart.activeUsers,
  };
  recorder.record(sample);
  parentPort?.postMessage({ sample });
}, EVERY_MS);

parentPort?.on('message', (order: HealthOrder) => {
  if ('pids' in order) pids = order.pids;
  else if ('phase' in order) phase = order.phase;
  else {
    clearInterval(timer);
    recorder.close();
    parentPort?.postMessage({ stopped: true });
  }
});
