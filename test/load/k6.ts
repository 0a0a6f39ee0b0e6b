import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const SCRIPT = join(import.meta.dirname, 'k6-script.js');

export interface K6Options {
  /** Of the scenarios' target rates. */
  share: number;
  seconds: number;
  /** Beginnings of scenario names; all scenarios when left out. */
  scenarios?: readonly string[];
  seed?: number;
}

/** One route's requests, set-up left out. Percentiles are of answers below 400; null where there was none. */
export interface K6Route {
  n: number;
  failed: number;
  p50Ms: number | null;
  p95Ms: number | null;
}

export interface K6Run {
  /** By method and path pattern: `GET /api/v1/projects/:id`. */
  routes: Record<string, K6Route>;
  checks: { passed: number; failed: number };
  /** 0, or 99 where a threshold was crossed. */
  exitCode: number | null;
  output: string;
}

/** Returns the path of the k6 on the PATH, or null where there is none. */
export function findK6(): string | null {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '').map((folder) => join(folder, 'k6'));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  }) ?? null;
}

type Figures = Record<string, number | undefined>;

/**
 * Runs the repository's k6 script against a target and returns what k6 measured by route. Throws where k6 is missing, or ended
 * without a summary.
 */
export async function runK6(url: string, { share, seconds, scenarios = [], seed = 1 }: K6Options): Promise<K6Run> {
  const k6 = findK6();
  if (k6 === null) throw new Error('k6 is not on the PATH');
  const folder = mkdtempSync(join(tmpdir(), 'openshow-k6-'));
  const summary = join(folder, 'summary.json');
  const settings = { TARGET_URL: url, SHARE: share, DURATION: `${seconds}s`, SCENARIOS: scenarios.join(','), SEED: seed };
  try {
    const child = spawn(k6, [
      'run', '--quiet', '--no-color', '--no-usage-report', '--address', '', '--summary-export', summary,
      ...Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]), SCRIPT,
    ], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const [exitCode] = (await once(child, 'close')) as [number | null];
    let text: string;
    try {
      text = readFileSync(summary, 'utf8');
    } catch (error) {
      throw new Error(`k6 ended with ${exitCode} and no summary: ${output}`, { cause: error });
    }
    const { metrics } = JSON.parse(text) as { metrics: Record<string, Figures> };
    return { routes: routesOf(metrics), checks: checksOf(metrics['checks']), exitCode, output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In k6's summary a Rate counts its true values as `passes`: for failures these are the failed ones. */
function routesOf(metrics: Record<string, Figures>): Record<string, K6Route> {
  const routes: Record<string, K6Route> = {};
  for (const [metric, { passes = 0, fails = 0 }] of Object.entries(metrics)) {
    const route = /^http_req_failed\{name:(.*)\}$/.exec(metric)?.[1];
    if (route === undefined) continue;
    const durations = metrics[`http_req_duration{expected_response:true,name:${route}}`];
    const answered = fails > 0;
    routes[route] = {
      n: passes + fails,
      failed: passes,
      p50Ms: answered ? (durations?.['med'] ?? null) : null,
      p95Ms: answered ? (durations?.['p(95)'] ?? null) : null,
    };
  }
  return routes;
}

function checksOf(checks: Figures | undefined): K6Run['checks'] {
  return { passed: checks?.['passes'] ?? 0, failed: checks?.['fails'] ?? 0 };
}
