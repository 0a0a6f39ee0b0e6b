import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright';
import type { ResolvedBrowser } from '../../src/drive/browser.ts';
import { createLauncher } from '../../src/drive/launcher.ts';
import { BrowserPool, type Lease } from '../../src/drive/pool.ts';
import { DOCUMENT_MS, USER_LIMIT_MS, practiceUsers } from '../../src/drive/practice-users.ts';

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
  return {
    user: practiceUsers(pool, url),
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
