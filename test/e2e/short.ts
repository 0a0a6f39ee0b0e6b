import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { RunRecord } from '../../src/model/index.ts';
import { onlyRun, scriptWith, type Finished } from './artillery.ts';

const PHASES = /phases:[\s\S]*?(?= {2}engines:)/;

/** journeys.yml with one short phase, and gates that a few samples can settle. */
export function shortScript(test: TestContext, phase: string, gates: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-run-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const slo = join(folder, 'slo.yml');
  writeFileSync(slo, ['version: 1', 'confidence: 0.8', 'gates:', ...gates.map((gate) => `  - ${gate}`), ''].join('\n'));
  return scriptWith('slo: slo.yml', `slo: ${slo}`).replace(PHASES, `phases:\n    - ${phase}\n`).replace('share: 0.7', 'share: 0.5');
}

export const LCP_GATE = '{ id: lcp, metric: vital, vital: LCP, stat: p50, max: 10000, unit: ms, source: test }';
export const ERROR_GATE = '{ id: errors, metric: journey_error_rate, max: 20, unit: "%", source: test }';

/** The record of the only run. */
export function recordOf({ reports }: Finished): RunRecord {
  return RunRecord.parse(JSON.parse(readFileSync(join(onlyRun(reports), 'record.json'), 'utf8')));
}
