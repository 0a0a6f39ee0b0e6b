import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ResolvedBrowser } from '../../src/drive/browser.ts';
import type { Offered } from '../../src/drive/offer.ts';
import { DOCUMENT_MS } from '../../src/drive/practice-users.ts';
import type { Place } from './runners.ts';

/** Returns where k6 is on the PATH, or null. */
export function findK6(): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, 'k6'), constants.X_OK);
      return join(folder, 'k6');
    } catch {
      continue;
    }
  }
  return null;
}

/** k6 takes whole rates, so its unit of time is ten seconds. */
function script(url: string, ratePerSecond: number, durationMs: number, summary: string): string {
  return `import { browser } from 'k6/browser';
import { Counter } from 'k6/metrics';
const done = new Counter('journeys_done');
export const options = { scenarios: { journeys: {
  executor: 'constant-arrival-rate', rate: ${Math.max(1, Math.round(10 * ratePerSecond))}, timeUnit: '10s',
  duration: '${Math.round(durationMs)}ms', gracefulStop: '3s', preAllocatedVUs: ${Math.ceil(4 * ratePerSecond) + 10},
  options: { browser: { type: 'chromium' } },
} } };
export default async function () {
  const page = await browser.newPage();
  try {
    await page.goto('${url}?delay=${DOCUMENT_MS}');
    await page.locator('h1').waitFor({ state: 'visible' });
    await Promise.all([page.waitForNavigation(), page.locator('a').click()]);
    await page.locator('h1').waitFor({ state: 'visible' });
    done.add(1);
  } finally {
    await page.close();
  }
}
export function handleSummary(data) { return { ${JSON.stringify(summary)}: JSON.stringify(data) }; }
`;
}

interface Summary {
  metrics: Partial<Record<'journeys_done' | 'iterations' | 'dropped_iterations', { values: { count: number } }>>;
}

/** Runs one step of load with k6's browser module. Throws when k6 leaves no summary. */
export async function offerWithK6(
  binary: string,
  browser: ResolvedBrowser,
  place: Place,
  ratePerSecond: number,
  durationMs: number,
): Promise<Offered> {
  const file = join(place.folder, 'k6.js');
  const summary = join(place.folder, 'k6-summary.json');
  rmSync(summary, { force: true });
  writeFileSync(file, script(place.url, ratePerSecond, durationMs, summary));
  const child = spawn(binary, ['run', '--quiet', '--no-usage-report', file], {
    stdio: 'ignore',
    env: {
      ...process.env,
      ...browser.env,
      K6_BROWSER_EXECUTABLE_PATH: browser.executablePath,
      K6_BROWSER_ARGS: 'no-sandbox',
      K6_BROWSER_HEADLESS: 'true',
    },
  });
  await once(child, 'exit');
  const { metrics } = JSON.parse(readFileSync(summary, 'utf8')) as Summary;
  const count = (name: keyof Summary['metrics']): number => metrics[name]?.values.count ?? 0;
  const offered = count('iterations') + count('dropped_iterations');
  const inTime = count('journeys_done');
  return { offered, inTime, failed: offered - inTime, medianMs: null, overrun: count('dropped_iterations') > 0 };
}
