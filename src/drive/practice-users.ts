import { createRouter } from '../collect/routes.ts';
import { createSampler } from './observers.ts';
import type { BrowserPool } from './pool.ts';
import { twoPages } from './practice.ts';
import { runUser, type UserSurroundings } from './virtual-user.ts';

/** What the practice site holds each document back for. */
export const DOCUMENT_MS = 20;
export const USER_LIMIT_MS = 30_000;
/** The part of them that observe, in the browser of their own. */
const OBSERVER_SHARE = 0.2;

/**
 * Returns a function that makes one user of the two-page journey on a practice site, of whom nothing is recorded, and resolves
 * to whether the user ended well.
 */
export function practiceUsers(pool: BrowserPool, url: string): () => Promise<boolean> {
  const around: UserSurroundings = {
    runId: 'practice',
    pool,
    sink: { record: () => {} },
    now: () => performance.now(),
    route: createRouter(url, []),
    contextOptions: { baseURL: url },
    stepDeadlineMs: USER_LIMIT_MS,
    journeyDeadlineMs: USER_LIMIT_MS,
    failuresFolder: null,
    interrupted: new AbortController().signal,
    fixtures: () => ({}),
  };
  const journey = twoPages(DOCUMENT_MS);
  const roleOf = createSampler(1, OBSERVER_SHARE);
  return async () => {
    const { outcome } = await runUser({ vu: 'practice', role: roleOf(journey.name), phase: null, journey }, around);
    return outcome === 'passed';
  };
}
