import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunRecord, type GateResult } from '../../src/model/index.ts';
import type { PlantedCase } from './cases.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Buffers, where the leak is. Resident memory goes up and down by 25 MiB with the collector: it needs hours for the same. */
const MEMORY = '{ id: external-memory, title: memory outside of the heap, unit: MiB, scale: 0.00000095367431640625, source: planted, '
  + `scrape: { gauge: 'nodejs_external_memory_bytes{process="web-1"}' } }`;

/** Makes one run and returns its gate; throws with what the run said where it came to no verdict. */
export async function runCase(one: PlantedCase, folder: string, runId: string): Promise<GateResult> {
  const slo = join(folder, `${runId}.slo.yml`);
  writeFileSync(slo, `version: 1\nconfidence: 0.95\nkpis:\n  - ${MEMORY}\ngates:\n  - ${one.gate}\n`);
  const profile = join(folder, `${runId}.yml`);
  writeFileSync(profile, JSON.stringify({
    config: {
      phases: one.phases.map(({ name, seconds }) => ({ name, duration: seconds, arrivalCount: 1 })),
      processor: join(ROOT, 'artillery/processor.mts'),
      plugins: {
        journeys: {
          profile: one.profile, browsers: false, slo,
          api: {
            scenarios: 'config/loadtests/scenarios.json', windowSeconds: one.windowSeconds, timeoutSeconds: 3, stopPastKnee: one.stopPastKnee,
            phases: Object.fromEntries(one.phases.map(({ name, share }) => [name, share])),
          },
          metrics: { everySeconds: 2 },
        },
      },
    },
  }));
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/artillery/bin/run'), 'run', '--config', profile, 'journeys.yml'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env, REPORTS_DIR: folder, RUN_ID: runId, TARGET_URL: '', FORCE: '1', GITHUB_STEP_SUMMARY: '',
      PLATFORM_FAULTS: one.faults, PLATFORM_WORKERS: '1-1',
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (said += data.toString()));
  await once(child, 'close');
  try {
    const record = RunRecord.parse(JSON.parse(readFileSync(join(folder, runId, 'record.json'), 'utf8')));
    const [gate] = record.verdict.gates;
    if (gate) return gate;
  } catch {
    // What the run said is the reason.
  }
  throw new Error(`"${one.id}" came to no verdict:\n${said}`);
}
