import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Browser, Frame, Page } from 'playwright';
import { installPerceivedClock, type Perceived } from '../../src/collect/perceived.ts';
import type { AccuracyCase } from './cases.ts';
import type { Sites } from './server.ts';

/** One measured step: what the page itself saw, and what one or more clocks said, all in ms. */
export interface Sample { truthMs: number; clocks: Record<string, number | null>; reason: string | null }

const TIMEOUT_MS = 10_000;

const address = (sites: Sites, test: AccuracyCase) => (name: string): string =>
  `${sites.home}/${name}?delay=${test.delayMs}`;

/** The page's own record, as it stands. */
const truthNow = (frame: Frame): Promise<{ startMs: number | null; endMs: number | null }> => frame.evaluate('truth');

async function readTruth(test: AccuracyCase, page: Page, target: Page): Promise<number> {
  for (let i = 0; i < 50; i += 1) {
    const end = await truthNow(test.truthIn?.(target) ?? target.mainFrame());
    const start = test.truthIn ? await truthNow(page.mainFrame()) : end;
    if (start.startMs !== null && end.endMs !== null) return end.endMs - start.startMs;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  throw new Error(`${test.id}: the page did not say what it saw`);
}

/** Opens the case's page and does what is not to be counted. */
async function prepare(test: AccuracyCase, page: Page, sites: Sites): Promise<void> {
  if (test.page) await page.goto(address(sites, test)(test.page), { waitUntil: 'load' });
  // A person takes a moment too; the page's first frames are not part of the step.
  await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
}

/** The step's action, and the page in which its element is awaited. */
async function perform(test: AccuracyCase, page: Page, sites: Sites): Promise<Page> {
  const popup = test.popup ? page.waitForEvent('popup') : null;
  await test.act(page, address(sites, test));
  return popup ? await popup : page;
}

const forget = 'truth.startMs = truth.endMs = null';

async function warmUp(test: AccuracyCase, page: Page, sites: Sites, step: () => Promise<unknown>): Promise<void> {
  await prepare(test, page, sites);
  for (let i = 0; i < (test.warmups ?? 0); i += 1) {
    await step();
    await page.evaluate(() => document.querySelector('#done')?.remove());
    await page.evaluate(forget);
  }
}

/** The harness's clock, and Playwright's `waitFor` timed from Node around the same step. */
export async function runHarness(browser: Browser, sites: Sites, test: AccuracyCase, runs: number): Promise<Sample[]> {
  const context = await browser.newContext();
  context.setDefaultTimeout(TIMEOUT_MS);
  const clock = await installPerceivedClock(context);
  const page = await context.newPage();
  const samples: Sample[] = [];
  const step = async (): Promise<Perceived & { target: Page; driverMs: number }> => {
    const mark = await clock.beginStep(test.until(page), page);
    const startedMs = performance.now();
    const target = await perform(test, page, sites);
    await test.until(target).waitFor();
    const driverMs = performance.now() - startedMs;
    return { target, driverMs, ...await clock.measure(mark, test.until(target)) };
  };
  for (let run = 0; run < runs; run += 1) {
    await warmUp(test, page, sites, step);
    const { target, driverMs, perceivedMs, reason } = await step();
    const truthMs = await readTruth(test, page, target);
    samples.push({ truthMs, clocks: { harness: perceivedMs, waitFor: driverMs }, reason });
    if (target !== page) await target.close();
  }
  await context.close();
  return samples;
}

interface StockTest { step(name: string, run: () => Promise<void>): Promise<void> }
interface Engine {
  createScenario(spec: object, events: EventEmitter):
    (context: object, done: (error: unknown) => void) => Promise<unknown>;
}

/** The stock engine's `test.step`, run by the engine itself on our browser, with nothing of ours in the page. */
export async function runStock(browser: Browser, sites: Sites, test: AccuracyCase, runs: number): Promise<Sample[]> {
  const PlaywrightEngine = createRequire(import.meta.url)('artillery-engine-playwright') as
    new (script: object) => Engine;
  Object.assign(globalThis, { artillery: { __browser: browser, testRunId: 'bench' } });
  const samples: Sample[] = [];
  for (let run = 0; run < runs; run += 1) {
    const events = new EventEmitter();
    let stepMs: number | null = null;
    events.on('error', () => {});
    events.on('histogram', (name: string, value: number) => { if (name === 'browser.step.measured') stepMs = value; });
    const testFunction = async (page: Page, _context: object, _events: object, { step }: StockTest): Promise<void> => {
      const whole = async (): Promise<Page> => {
        const target = await perform(test, page, sites);
        await test.until(target).waitFor();
        return target;
      };
      await warmUp(test, page, sites, whole);
      let target = page;
      await step('measured', async () => { target = await whole(); });
      samples.push({ truthMs: await readTruth(test, page, target), clocks: { stock: stepMs }, reason: null });
    };
    const engine = new PlaywrightEngine({ config: { target: sites.home, processor: {}, engines: { playwright: {} } } });
    await engine.createScenario({ name: test.id, testFunction }, events)({ vars: {} }, () => {});
  }
  return samples;
}
