import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserContext } from 'playwright';
import { CodedError } from '../../errors.ts';

/** Makes what the journeys of one user get beside Playwright's own: fixtures/index.ts, which every site has its own of. */
export type CreateFixtures = (user: { context: BrowserContext; seed: number; runId: string; vu: string }) => object;

/**
 * Returns the checkout's `createFixtures`, loaded as the journeys are, since both belong to the site and not to the harness.
 * Throws J_JOURNEY_FILE.
 */
export async function loadFixtures(root: string): Promise<CreateFixtures> {
  const where = 'fixtures/index.ts';
  let loaded: { createFixtures?: unknown };
  try {
    loaded = (await import(pathToFileURL(join(root, where)).href)) as typeof loaded;
  } catch (thrown) {
    const message = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
    throw new CodedError('J_JOURNEY_FILE', [{ where, message }], { cause: thrown });
  }
  if (typeof loaded.createFixtures !== 'function') {
    throw new CodedError('J_JOURNEY_FILE', [{ where, message: 'exports no function createFixtures' }]);
  }
  return loaded.createFixtures as CreateFixtures;
}
