import type { ResolvedBrowser } from './browser.ts';
import { fingerprint, isPlausibleIdle, readCalibration } from './calibration.ts';
import { calibrateCanary, type IdleMs } from './canary.ts';
import { createLauncher } from './launcher.ts';
import { BrowserPool } from './pool.ts';

export interface Idle {
  idleMs: IdleMs;
  /** For people: where the figures come from, or why there are none. */
  source: string;
}

export interface IdleOptions {
  /** The checkout, with its stored calibration. */
  root: string;
  browser: ResolvedBrowser;
  crowdPriority: string;
  /** The canary's page. */
  url: string;
  /** Takes the browsers' start scripts. */
  browsersFolder: string;
}

/**
 * Returns what a canary's click takes on the idle machine: as stored by a calibration of this very machine, or else by
 * some clicks now, before the first user. A machine that is busy already gives none: its figure would hide what follows.
 */
export async function canaryIdle({ root, browser, crowdPriority, url, browsersFolder }: IdleOptions): Promise<Idle> {
  const stored = readCalibration(root, fingerprint(browser.version, crowdPriority));
  if (stored) return { idleMs: { observer: stored.observerIdleMs, crowd: stored.crowdIdleMs }, source: 'calibrated' };
  const pool = new BrowserPool(createLauncher(browser, browsersFolder), { recycleAfterContexts: 100 });
  try {
    await pool.warm(['observer', 'crowd']);
    const [observer, crowd] = await Promise.all((['observer', 'crowd'] as const).map((role) => calibrateCanary(pool, role, url)));
    const idleMs: IdleMs = { observer: plausible(observer), crowd: plausible(crowd) };
    return { idleMs, source: idleMs.observer === null ? 'unknown: the machine was busy before the first user' : 'measured now' };
  } finally {
    await pool.close();
  }
}

function plausible(idleMs: number | null | undefined): number | null {
  return isPlausibleIdle(idleMs ?? null) ? Math.round((idleMs ?? 0) * 10) / 10 : null;
}
