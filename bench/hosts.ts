import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright';
import { SearchPage } from '../journeys/pages/SearchPage.ts';
import { createRouter } from '../src/collect/routes.ts';
import { resolveBrowser, type ResolvedBrowser } from '../src/drive/browser.ts';
import { createLauncher } from '../src/drive/launcher.ts';
import { startPlatform } from '../src/drive/platform.ts';
import { BrowserPool } from '../src/drive/pool.ts';
import { agentTag, tagHeaders } from '../src/drive/tags.ts';
import { runUser, type UserSurroundings } from '../src/drive/virtual-user.ts';
import { defineJourney } from '../src/journey.ts';
import type { StepObservation } from '../src/model/index.ts';
import { createHostGuard } from '../src/plan/browser-hosts.ts';
import { treeCpuMs } from './process-cpu.ts';
import { aimLine, atMost, bench, figure, machine, percentile, table, whole } from './shell.ts';

const USAGE = `usage: npm run bench:hosts -- [--json] [--rounds N] [--journeys N]
What it costs that browsers may ask the hosts on the list alone, and say that they are a test: one journey (two page loads and a
click, on the bundled platform) in a browser with both, and in one with neither, in turn. About two minutes.
  --rounds N    rounds in which both take their turn, the first in changing order (default 15)
  --journeys N  journeys of one turn (default 8)
  --json        one JSON object on standard output instead of the table
exit code: 0 all aims met, 1 some missed, 3 bad options, 4 the benchmark itself failed`;

/** No cost: what is left is the spread of the measurement itself. */
const AIM_RATIO = 1.03;
const SLUG = 'prompt-engineer-for-podcasts';
const TAG = { runId: 'bench-hosts', kind: 'load' } as const;
/** As many as a site with a payment widget, fonts and a CDN has: none of them is ever asked. */
const HOSTS = ['staging.shop.test', '*.fonts.test', 'js.payments.test', '*.cdn.test'];
const VARIANTS = ['open', 'guarded'] as const;
type Variant = (typeof VARIANTS)[number];

interface Options {
  json: boolean;
  rounds: number;
  journeys: number;
}

function read(): Options {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '15' }, journeys: { type: 'string', default: '8' } },
  });
  return { json: values.json, rounds: whole('rounds', values.rounds, 1, 200), journeys: whole('journeys', values.journeys, 1, 100) };
}

const journey = defineJourney<object, undefined>({
  name: 'hosts',
  act: async ({ page, step }) => {
    const search = new SearchPage(page);
    await step('landing page', { do: () => search.open(SLUG), until: search.firstResult });
    await step('creator page', { do: () => search.openFirstResult(), until: search.creatorName });
  },
});

/** What one turn came to: the median of what users perceived, and CPU a journey (browser and this process). */
interface Turn {
  perceivedMs: number;
  cpuMs: number;
}

interface Side {
  browser: Browser;
  turn: (journeys: number) => Promise<Turn>;
}

async function openSide(variant: Variant, resolved: ResolvedBrowser, url: string, folder: string): Promise<Side> {
  const isGuarded = variant === 'guarded';
  const launch = isGuarded ? createLauncher(resolved, folder, HOSTS, agentTag(TAG)) : createLauncher(resolved, folder, null);
  const { browser, pid } = await launch('observer');
  let perceived: number[] = [];
  const around: UserSurroundings = {
    runId: TAG.runId,
    pool: new BrowserPool(async () => ({ browser, pid }), { recycleAfterContexts: 1_000_000 }),
    sink: { record: (one) => {
      if (one.kind === 'step') perceived.push(measured(one));
    } },
    now: () => performance.now(),
    route: createRouter(url, ['/find/:slug', '/creators/:id']),
    contextOptions: { baseURL: url },
    ...(isGuarded ? { tags: (vu: string) => tagHeaders(TAG, vu), keptFrom: createHostGuard(HOSTS) } : {}),
    stepDeadlineMs: 15_000, journeyDeadlineMs: 60_000, failuresFolder: null,
    interrupted: new AbortController().signal, fixtures: () => ({}),
  };
  const turn = async (journeys: number): Promise<Turn> => {
    perceived = [];
    const nodeBefore = process.cpuUsage();
    const browserBefore = treeCpuMs(pid);
    for (let i = 0; i < journeys; i += 1) {
      const { outcome, message } = await runUser({ vu: `${variant}-${i}`, role: 'observer', phase: null, journey }, around);
      if (outcome !== 'passed') throw new Error(`the ${variant} journey ${outcome}: ${message}`);
    }
    const { user, system } = process.cpuUsage(nodeBefore);
    const cpuMs = ((user + system) / 1_000 + treeCpuMs(pid) - browserBefore) / journeys;
    return { perceivedMs: percentile(perceived, 50) ?? NaN, cpuMs };
  };
  return { browser, turn };
}

function measured({ perceivedMs, unmeasured, name }: StepObservation): number {
  if (perceivedMs === null) throw new Error(`"${name}" was not measured: ${unmeasured ?? 'no reason'}`);
  return perceivedMs;
}

async function run(options: Options): Promise<boolean> {
  const resolved = await resolveBrowser({ BROWSER: 'headless-shell', ...process.env });
  const folder = mkdtempSync(join(tmpdir(), 'openshow-hosts-'));
  const command = [process.execPath, join(import.meta.dirname, '../platform/main.ts')];
  const platform = await startPlatform({ command, logFile: join(folder, 'platform.log') });
  const sides = new Map<Variant, Side>();
  try {
    for (const variant of VARIANTS) sides.set(variant, await openSide(variant, resolved, platform.url, join(folder, variant)));
    const turns: Record<Variant, Turn[]> = { open: [], guarded: [] };
    // The first turns fill caches and compile code.
    for (const variant of VARIANTS) await sides.get(variant)?.turn(options.journeys);
    for (let round = 0; round < options.rounds; round += 1) {
      for (const variant of round % 2 === 0 ? VARIANTS : VARIANTS.toReversed()) {
        const turn = await sides.get(variant)?.turn(options.journeys);
        if (turn) turns[variant].push(turn);
      }
      process.stderr.write(`round ${round + 1}/${options.rounds}\r`);
    }
    return report(options, turns, resolved);
  } finally {
    await Promise.all([...sides.values()].map(({ browser }) => browser.close()));
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function report({ json, journeys }: Options, turns: Record<Variant, Turn[]>, resolved: ResolvedBrowser): boolean {
  const n = turns.open.length * journeys;
  const ratio = (of: keyof Turn): number | null =>
    percentile(turns.guarded.map((turn, round) => turn[of] / (turns.open[round]?.[of] ?? NaN)), 50);
  const cases = VARIANTS.map((id) => ({
    id, n,
    perceivedMs: percentile(turns[id].map(({ perceivedMs }) => perceivedMs), 50),
    cpuMsPerJourney: percentile(turns[id].map(({ cpuMs }) => cpuMs), 50),
  }));
  const aims = [
    atMost('perceived-guarded-over-open', 'ratio', AIM_RATIO, ratio('perceivedMs'), n),
    atMost('cpu-guarded-over-open', 'ratio', AIM_RATIO, ratio('cpuMs'), n),
  ];
  if (json) console.log(JSON.stringify({ name: 'hosts', machine: machine(resolved), cases, aims }));
  else {
    console.log(table([['browser', 'perceived ms', 'CPU ms', 'n'],
      ...cases.map(({ id, perceivedMs, cpuMsPerJourney }) => [id, figure(perceivedMs), figure(cpuMsPerJourney), String(n)])]));
    for (const aim of aims) console.log(aimLine(aim, '≤'));
  }
  return aims.every(({ met }) => met);
}

await bench(USAGE, read, run);
