import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveBrowser, type ResolvedBrowser } from '../src/drive/browser.ts';
import { startCanaryServer } from '../src/drive/canary.ts';
import { offer, type Offered } from '../src/drive/offer.ts';
import { startPracticeSite } from '../src/drive/practice.ts';
import { searchRate, type FoundRate } from '../src/drive/rate-search.ts';
import { findK6, offerWithK6 } from './capacity/k6.ts';
import { report, type Case } from './capacity/report.ts';
import { harness, stock, type Place, type Runner } from './capacity/runners.ts';
import { Clicks } from './capacity/trial.ts';
import { bench, figure } from './shell.ts';

const USAGE = `usage: npm run bench:capacity -- [--json] [--quick]
The most journeys a second (two pages and a click on a local site) at which 95 % of the users keep up and a canary, a
page of known latency in the browser that the runner takes its times from, is less than 25 % slower than at rest: for
this harness, the stock engine with one shared browser and with one a user, full Chromium, and k6's browser module.
  --quick  short steps and a coarse search, under 90 seconds
  --json   one JSON object on standard output instead of the table
exit code: 0 all aims met, 1 some missed, 3 bad options, 4 the benchmark itself failed`;

const MOST_INFLATION = 0.25;
const LEAST_IN_TIME = 0.95;
const LEAST_CLICKS = 3;
/** The same for every runner: what a user may take beyond the step's end. A user alone takes at most half of it. */
const GRACE_MS = 1_000;
const MAX_PER_SECOND = 128;

interface Options {
  json: boolean;
  startPerSecond: number;
  stepMs: number;
  refinements: number;
  chances: number;
}

function read(): Options {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { json: flag, quick: flag } });
  return values.quick
    ? { json: values.json, startPerSecond: 4, stepMs: 2_500, refinements: 1, chances: 1 }
    : { json: values.json, startPerSecond: 2, stepMs: 8_000, refinements: 3, chances: 2 };
}

type Load = (ratePerSecond: number) => Promise<Offered>;

/** Searches one runner's rate. */
async function search(name: string, options: Options, runner: Runner, canaryUrl: string, load: Load): Promise<Case> {
  const clicks = await Clicks.open(runner.canary, canaryUrl);
  // Alone, one after another: what a user takes at rest. The first fills caches.
  const alone = await offer({ ratePerSecond: 1, durationMs: 3_000, maxUnderWay: 3, graceMs: 5_000 }, runner.user);
  if (alone.medianMs === null) throw new Error(`${name}: not one user ended well on the idle machine`);
  let inflationAtBest: number | null = null;
  const holds = async (rate: number): Promise<boolean> => {
    const [offered, canary] = await Promise.all([load(rate), clicks.during(options.stepMs)]);
    const kept = offered.inTime / Math.max(1, Math.round((rate * options.stepMs) / 1_000));
    const { inflation, n } = canary;
    const undisturbed = n >= LEAST_CLICKS && inflation !== null && inflation < MOST_INFLATION;
    const held = !offered.overrun && kept >= LEAST_IN_TIME && undisturbed;
    if (held) inflationAtBest = inflation;
    const over = figure(inflation === null ? null : 100 * inflation);
    const said = `${figure(rate)}/s: ${Math.round(100 * kept)} % kept up, canary ${over} % over rest`;
    process.stderr.write(`${name.padEnd(36)} ${said}${held ? '' : ' – does not hold'}\n`);
    return held;
  };
  const { startPerSecond, refinements, chances } = options;
  const limits = { startPerSecond, refinements, chances, maxPerSecond: MAX_PER_SECOND };
  const found: FoundRate = await searchRate(limits, holds);
  const { bestPerSecond, unbounded, trials } = found;
  return {
    id: name,
    journeysPerSecond: bestPerSecond,
    unbounded,
    trials,
    idleCanaryMs: clicks.idleMs,
    soloMs: alone.medianMs,
    inflationAtBest,
    skipped: null,
  };
}

async function run(options: Options): Promise<boolean> {
  const resolved = await resolveBrowser({ BROWSER: 'headless-shell', ...process.env });
  const folder = mkdtempSync(join(tmpdir(), 'openshow-capacity-'));
  const [site, canary] = await Promise.all([startPracticeSite(), startCanaryServer()]);
  const cases: Case[] = [];
  const own =
    (runner: Runner): Load =>
    (ratePerSecond) => {
      const maxUnderWay = 10 + Math.ceil(2 * ratePerSecond);
      return offer({ ratePerSecond, durationMs: options.stepMs, maxUnderWay, graceMs: GRACE_MS }, runner.user);
    };
  const attempt = async (name: string, start: (place: Place) => Promise<Runner>, load = own): Promise<void> => {
    const place = { folder: join(folder, String(cases.length)), url: site.url };
    mkdirSync(place.folder);
    const runner = await start(place);
    try {
      cases.push(await search(name, options, runner, canary.url, load(runner)));
    } finally {
      await runner.canary.release();
      await runner.close();
    }
  };
  const skip = (id: string, reason: string): void => {
    process.stderr.write(`${id}: skipped, ${reason}\n`);
    cases.push({
      id,
      journeysPerSecond: null,
      unbounded: false,
      trials: [],
      idleCanaryMs: null,
      soloMs: null,
      inflationAtBest: null,
      skipped: reason,
    });
  };
  try {
    await attempt('this harness', (place) => harness(resolved, place));
    await attempt('stock engine, one shared browser', (place) => stock(resolved, place, false));
    await attempt('stock engine, a browser a user', (place) => stock(resolved, place, true));
    const full = await fullChromium();
    if (full) await attempt('this harness, full Chromium', (place) => harness(full, place));
    else skip('this harness, full Chromium', 'no chromium on the PATH');
    const k6 = findK6();
    if (k6) {
      const place = { folder, url: site.url };
      // k6 starts browsers of its own: its canary, like each of its users, has one to itself at normal priority.
      const load = (rate: number): Promise<Offered> => offerWithK6(k6, resolved, place, rate, options.stepMs);
      await attempt(
        "k6's browser module",
        (own) => stock(resolved, own, true),
        () => load,
      );
    } else {
      skip("k6's browser module", 'no k6 on the PATH');
    }
    return report(cases, { json: options.json, browser: resolved });
  } finally {
    await Promise.all([site.stop(), canary.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fullChromium(): Promise<ResolvedBrowser | null> {
  try {
    return await resolveBrowser({ BROWSER: 'chromium' });
  } catch {
    return null;
  }
}

await bench(USAGE, read, run);
