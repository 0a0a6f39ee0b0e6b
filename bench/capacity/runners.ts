import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { createRouter } from '../../src/collect/routes.ts';
import type { ResolvedBrowser } from '../../src/drive/browser.ts';
import { createLauncher } from '../../src/drive/launcher.ts';
import { createSampler } from '../../src/drive/observers.ts';
import { BrowserPool, type Lease } from '../../src/drive/pool.ts';
import { twoPages } from '../../src/drive/practice.ts';
import { runUser, type UserSurroundings } from '../../src/drive/virtual-user.ts';

/** What the practice site holds each document back for. */
export const DOCUMENT_MS = 20;
const USER_LIMIT_MS = 30_000;
/** The part of the harness's users that observe, in the browser of their own. */
const OBSERVER_SHARE = 0.2;

/** A way to make users. Its canary lives where the runner takes its latency from. */
export interface Runner {
  /** Resolves to whether the user ended well. */
  user: () => Promise<boolean>;
  canary: Lease;
  close: () => Promise<void>;
}

export interface Place {
  folder: string;
  url: string;
}

/** This harness: crowd and observers, each in its browser; the canary stands with the observers. */
export async function harness(browser: ResolvedBrowser, { folder, url }: Place): Promise<Runner> {
  const pool = new BrowserPool(createLauncher(browser, join(folder, 'browsers')), { recycleAfterContexts: 500 });
  await pool.warm(['observer', 'crowd']);
  const around: UserSurroundings = {
    runId: 'bench-capacity',
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
  return {
    user: async () => {
      const { outcome } = await runUser({ vu: 'bench', role: roleOf(journey.name), phase: null, journey }, around);
      return outcome === 'passed';
    },
    canary: await pool.acquire('observer', {}),
    close: () => pool.close(),
  };
}

type Scenario = (context: object, done: (error: Error | null) => void) => Promise<void>;
type Engine = new (script: object) => { createScenario: (spec: object, events: { emit: () => void }) => Scenario };
type Step = (name: string, body: () => Promise<void>) => Promise<void>;

/**
 * The stock engine. With one shared browser its users' times are taken in there, so the canary stands in it too; with a
 * browser a user, the canary has one of its own like everybody else.
 */
export async function stock(browser: ResolvedBrowser, { folder, url }: Place, separate: boolean): Promise<Runner> {
  const pool = new BrowserPool(createLauncher(browser, join(folder, 'browsers')), { recycleAfterContexts: 1_000_000 });
  const shared = (await pool.warm(['observer'])).get('observer');
  const host = globalThis as unknown as { artillery: object };
  host.artillery = { testRunId: 'bench', ...(separate ? {} : { __browser: shared }) };
  const Stock = createRequire(import.meta.url)('artillery-engine-playwright') as Engine;
  const engine = new Stock({
    config: {
      target: url,
      engines: {
        playwright: {
          useSeparateBrowserPerVU: separate,
          defaultTimeout: USER_LIMIT_MS / 1_000,
          defaultNavigationTimeout: USER_LIMIT_MS / 1_000,
          launchOptions: {
            executablePath: browser.executablePath,
            env: { ...process.env, ...browser.env },
            args: ['--no-sandbox', '--disable-dev-shm-usage', '--enable-precise-memory-info'],
          },
        },
      },
      processor: {
        journey: (page: Page, _context: object, _events: object, test: { step: Step }) => act(page, test.step),
      },
    },
  });
  const scenario = engine.createScenario({ testFunction: 'journey' }, { emit() {} });
  return {
    user: async () => {
      let failed = false;
      // Its callback comes before its context is closed; the promise comes after.
      await scenario({ vars: {} }, (error) => (failed = error !== null));
      return !failed;
    },
    canary: await pool.acquire('observer', {}),
    close: () => pool.close(),
  };
}

/** The same journey as the harness's, as Artillery's documentation writes one. */
async function act(page: Page, step: Step): Promise<void> {
  await step('first page', async () => {
    await page.goto(`/?delay=${DOCUMENT_MS}`);
    await page.getByRole('heading', { name: 'Practice' }).waitFor();
  });
  await step('second page', async () => {
    await page.getByRole('link', { name: 'Second page' }).click();
    await page.getByRole('heading', { name: 'Second page' }).waitFor();
  });
}
