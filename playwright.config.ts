import { defineConfig } from '@playwright/test';
import { resolveBrowser } from './src/drive/browser.ts';
import { hostArgs } from './src/drive/launcher.ts';
import { browserHosts } from './src/plan/browser-hosts.ts';
import { readSettings } from './src/plan/settings.ts';
import { FUNCTIONAL_SUITE } from './src/report/allure/tests.ts';
import { functionalResults } from './test/journeys/fresh-results.setup.ts';

const settings = readSettings(import.meta.dirname, process.env);
const browser = await resolveBrowser(settings);

/** The journeys once each, as functional and synthetic checks: `npx playwright test`. */
export default defineConfig({
  testDir: 'test/journeys',
  globalSetup: ['./test/journeys/fresh-results.setup.ts', './test/journeys/target.setup.ts'],
  fullyParallel: true,
  workers: 2,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  // The first takes out what is private, before the others show or copy it.
  reporter: [['./test/journeys/private-evidence.reporter.ts'], ['list'], ['allure-playwright', {
    resultsDir: functionalResults(), detail: false, suiteTitle: false,
    globalLabels: { parentSuite: FUNCTIONAL_SUITE, suite: 'Playwright', epic: FUNCTIONAL_SUITE, feature: 'Playwright', layer: 'e2e' },
  }]],
  use: {
    launchOptions: {
      executablePath: browser.executablePath, env: { ...process.env, ...browser.env },
      args: ['--no-sandbox', ...hostArgs(browserHosts(settings.TARGET_URL ?? '', settings.BROWSER_HOSTS))],
    },
    trace: 'retain-on-failure',
    ...(settings.TARGET_HTTP_USER && settings.TARGET_HTTP_PASSWORD
      ? { httpCredentials: { username: settings.TARGET_HTTP_USER, password: settings.TARGET_HTTP_PASSWORD } }
      : {}),
  },
});
