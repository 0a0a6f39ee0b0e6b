import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodedError } from '../../errors.ts';
import type { RunRecord } from '../../model/index.ts';
import { allureConfig } from '../../report/allure/config.ts';
import { reportNameOf } from '../../report/allure/environment.ts';
import { pastRun } from '../../report/allure/history.ts';
import { RESULTS_FOLDER } from '../../report/allure/reporter.ts';
import { harmless } from '../../report/text.ts';
import { sealed } from './seal.ts';

/** Where the functional journeys put their results: folders beside those of the runs. */
const LANES = ['checks', 'functional'];
const LONGEST_MS = 300_000;
const MOST_OUTPUT_BYTES = 10 * 1_048_576;
/** Of what Allure said, in characters: its first words tell what is wrong. */
const MOST_SHOWN = 500;

export interface BuildOptions {
  runDir: string;
  record: RunRecord;
  /** The oldest first. */
  before: readonly RunRecord[];
  signal: AbortSignal;
}

/**
 * Builds allure-report/index.html in the run's folder with `allure generate`, in place of an older one, and returns its path.
 * Throws J_REPORT with Allure's own words.
 */
export async function buildReport({ runDir, record, before, signal }: BuildOptions): Promise<string> {
  const workshop = await mkdtemp(join(tmpdir(), 'openshow-report-'));
  const target = join(runDir, 'allure-report');
  const beside = `${target}.${process.pid}.tmp`;
  try {
    const historyPath = join(workshop, 'history.jsonl');
    await writeFile(historyPath, before.map((one) => `${JSON.stringify(pastRun(one))}\n`).join(''));
    const config = join(workshop, 'allurerc.json');
    const past = before.length === 0 ? null : historyPath;
    await writeFile(config, JSON.stringify(allureConfig({ name: reportNameOf(record), historyPath: past })));
    await rm(beside, { recursive: true, force: true });
    // Relative names: in an absolute one, a bracket of some folder above would be a pattern.
    const lanes = await existingLanes(dirname(runDir));
    const results = [RESULTS_FOLDER, ...lanes.map((lane) => `../${lane}/${RESULTS_FOLDER}`)];
    const output = await generate(['generate', ...results, '--config', config, '--cwd', runDir, '--output', beside], signal);
    const page = await readFile(join(beside, 'index.html'), 'utf8').catch(() => {
      throw failed(`nothing was written${output === '' ? '' : `: ${output}`}`);
    });
    await writeFile(join(beside, 'index.html'), sealed(page));
    await rm(target, { recursive: true, force: true });
    await rename(beside, target);
    return join(target, 'index.html');
  } finally {
    await rm(workshop, { recursive: true, force: true });
    await rm(beside, { recursive: true, force: true });
  }
}

/** Returns which lanes of functional journeys have results beside a run of this folder. */
export async function existingLanes(reports: string): Promise<string[]> {
  const found = await Promise.all(LANES.map((lane) => stat(join(reports, lane, RESULTS_FOLDER)).catch(() => null)));
  return LANES.filter((_, index) => found[index]?.isDirectory());
}

/** Runs Allure's own command, and returns what it printed, in one line. */
function generate(args: string[], signal: AbortSignal): Promise<string> {
  const command = join(dirname(fileURLToPath(import.meta.resolve('allure'))), '../cli.js');
  return new Promise((resolve, reject) => {
    const options = { signal, timeout: LONGEST_MS, maxBuffer: MOST_OUTPUT_BYTES };
    execFile(process.execPath, [command, ...args], options, (error, stdout, stderr) => {
      const said = harmless(`${stderr} ${stdout}`).slice(0, MOST_SHOWN);
      if (error === null) resolve(said);
      else if (signal.aborted) reject(new Error('interrupted', { cause: error }));
      else if (error.killed) reject(failed(`took longer than ${LONGEST_MS / 1_000} s`));
      else reject(failed(said === '' ? error.message : said));
    });
  });
}

function failed(message: string): CodedError {
  return new CodedError('J_REPORT', [{ where: 'allure generate', message }]);
}
