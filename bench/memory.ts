import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Recorder } from '../src/collect/recorder.ts';
import { createRouter } from '../src/collect/routes.ts';
import { processTrees } from '../src/collect/system.ts';
import { resolveBrowser } from '../src/drive/browser.ts';
import { FailureTraces } from '../src/drive/failure-traces.ts';
import { createLauncher } from '../src/drive/launcher.ts';
import { BrowserPool } from '../src/drive/pool.ts';
import { runUser, type UserSurroundings } from '../src/drive/virtual-user.ts';
import { defineJourney } from '../src/journey.ts';
import { slopeOf, type Slope } from './memory/slope.ts';
import { aimLine, atMost, bench, figure, machine, table, whole, type Aim } from './shell.ts';

const USAGE = `usage: npm run bench:memory -- [--json] [--quick] [--journeys N]
Memory of the harness itself over many journeys on a trivial page, six at a time, half of them observers, one in 20 failing.
  --journeys N  how many (default 5000)
  --quick       300 journeys, for a first look: too few for the aim to mean much
exit code: 0 the aims are met, 1 one is missed, 3 bad options, 4 the benchmark itself failed`;

/** Issue 3: the harness's own memory stays flat. */
const AIM_HEAP_MB_PER_1000 = 1;
const AT_ONCE = 6;
const MB = 1e6;

interface Options {
  json: boolean;
  journeys: number;
  /** Caches fill and code is compiled in these; they are not part of the slope. */
  warmUp: number;
  every: number;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false }, journeys: { type: 'string' } },
  });
  const journeys = values.journeys === undefined ? (values.quick ? 300 : 5_000) : whole('journeys', values.journeys, 50, 1_000_000);
  const every = Math.max(10, Math.min(100, Math.round(journeys / 15)));
  return { json: values.json, journeys, warmUp: Math.min(500, Math.round(journeys / 3)), every };
}

interface Sample {
  journeys: number;
  heapMb: number;
  rssMb: number;
  browsersMb: number | null;
  openContexts: number;
  listeners: number;
  handles: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function sample(journeys: number, pool: BrowserPool): Promise<Sample> {
  // What was closed is let go of a turn or two later; the second pass takes what finalizers freed.
  for (let pass = 0; pass < 2; pass += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    collectGarbage();
  }
  const browsers = [...(await pool.warm(['observer', 'crowd'])).values()];
  const { heapUsed, rss } = process.memoryUsage();
  const trees = processTrees('/', pool.pids);
  return {
    journeys, heapMb: heapUsed / MB, rssMb: rss / MB,
    browsersMb: trees === null ? null : trees.bytes / MB,
    openContexts: browsers.reduce((sum, browser) => sum + browser.contexts().length, 0),
    listeners: browsers.reduce((sum, browser) => sum + (browser as unknown as NodeJS.EventEmitter).listenerCount('disconnected'), 0) + process.listenerCount('exit'),
    handles: process.getActiveResourcesInfo().length,
  };
}

const PAGE = `<!doctype html><link rel="icon" href="data:,"><button id="b" onclick="fetch('/next').then(() => { done.hidden = false; })">go</button>
  <p id="done" hidden>done</p>`;

async function main(options: Options): Promise<boolean> {
  const resolved = await resolveBrowser({ BROWSER: 'headless-shell', ...process.env });
  const folder = mkdtempSync(join(tmpdir(), 'openshow-memory-'));
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pool = new BrowserPool(createLauncher(resolved, join(folder, 'browsers')), { recycleAfterContexts: 500 });
  const failuresFolder = join(folder, 'failures');
  const recorder = new Recorder(join(folder, 'observations.ndjson'), (error) => { throw error; });
  const around: UserSurroundings = {
    runId: 'bench-memory', pool, sink: recorder, now: () => performance.now(),
    route: createRouter(url), contextOptions: { baseURL: url }, stepDeadlineMs: 15_000, journeyDeadlineMs: 60_000,
    failuresFolder, traces: new FailureTraces({ perError: 2, perRun: 20 }, failuresFolder),
    interrupted: new AbortController().signal, fixtures: () => ({}),
  };
  const journey = (fails: boolean) => defineJourney<object, undefined>({
    name: 'memory',
    act: async ({ page, step }) => {
      await step('open', { do: () => page.goto('/', { waitUntil: 'commit' }), until: page.locator('#b') });
      const until = page.locator(fails ? '#never' : '#done');
      await step('go', { do: () => page.locator('#b').click(), until, deadlineMs: fails ? 50 : 15_000 });
    },
  });
  const outcomes = new Map<string, number>();
  let begun = 0;
  let lost = 0;
  const one = async (): Promise<void> => {
    const number = (begun += 1);
    const fails = number % 20 === 0;
    const { outcome } = await runUser({ vu: String(number), role: number % 2 === 0 ? 'observer' : 'crowd', phase: null, journey: journey(fails) }, around);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (!fails && outcome !== 'passed') lost += 1;
    // On a starved machine some do not pass; where many do not, it is no longer the memory of running journeys that is measured.
    if (lost > 10 + number / 20) throw new Error(`${lost} of ${number} journeys that should pass did not, the last one ${outcome}`);
  };
  const samples: Sample[] = [];
  try {
    for (let done = 0; done < options.journeys; ) {
      const batchEnd = Math.min(options.journeys, done + options.every);
      const left = batchEnd - done;
      // Lanes that take turns: each its share of the batch.
      await Promise.all(Array.from({ length: AT_ONCE }, async (_, lane) => {
        for (let turn = lane; turn < left; turn += AT_ONCE) await one();
      }));
      done = batchEnd;
      samples.push(await sample(done, pool));
      process.stderr.write(`${done}/${options.journeys} journeys, heap ${figure(samples.at(-1)?.heapMb ?? null)} MB   \r`);
    }
  } finally {
    process.stderr.write('\n');
    await pool.close();
    recorder.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return report(options, samples, outcomes, machine(resolved));
}

function report(options: Options, samples: Sample[], outcomes: Map<string, number>, host: ReturnType<typeof machine>): boolean {
  const warm = samples.filter((one) => one.journeys >= options.warmUp);
  const slope = (of: (one: Sample) => number | null): Slope | null =>
    slopeOf(warm.flatMap((one) => {
      const value = of(one);
      return value === null ? [] : [[one.journeys / 1_000, value] as const];
    }));
  const growth = (of: (one: Sample) => number): number | null => {
    const [first, last] = [warm[0], warm.at(-1)];
    return first && last && first !== last ? of(last) - of(first) : null;
  };
  const heap = slope((one) => one.heapMb);
  const aims: Aim[] = [
    atMost('heap-growth', 'MB per 1,000 journeys', AIM_HEAP_MB_PER_1000, heap?.perUnit ?? null, warm.length),
    atMost('open-contexts-left', 'contexts', 0, warm.at(-1)?.openContexts ?? null, warm.length),
    atMost('listener-growth', 'listeners', 0, growth((one) => one.listeners), warm.length),
  ];
  const slopes = { heapMb: heap, rssMb: slope((one) => one.rssMb), browsersMb: slope((one) => one.browsersMb), handles: slope((one) => one.handles) };
  if (options.json) {
    const cases = [{ id: 'slopes', per: '1,000 journeys', warmUpJourneys: options.warmUp, outcomes: Object.fromEntries(outcomes), ...slopes }, ...samples.map((one) => ({ id: `after ${one.journeys}`, ...one }))];
    console.log(JSON.stringify({ name: 'memory', machine: host, cases, aims }));
  } else {
    console.log(`Memory over ${options.journeys} journeys, ${AT_ONCE} at a time (${[...outcomes].map(([name, count]) => `${count} ${name}`).join(', ')}); after garbage collection`);
    console.log(table([
      ['journeys', 'heap MB', 'RSS MB', 'browsers MB', 'contexts', 'listeners', 'handles'],
      ...samples.map((one) => [String(one.journeys), ...[one.heapMb, one.rssMb, one.browsersMb, one.openContexts, one.listeners, one.handles].map(figure)]),
    ]));
    console.log(`\ngrowth per 1,000 journeys after the first ${options.warmUp}, with its 95 % interval`);
    for (const [name, found] of Object.entries(slopes)) {
      const spread = found?.halfWidth ?? null;
      console.log(`  ${name.padEnd(11)} ${figure(found?.perUnit ?? null)} ± ${figure(spread)}`);
    }
    console.log('');
    for (const aim of aims) console.log(aimLine(aim, '≤'));
  }
  return aims.every((aim) => aim.met);
}

await bench(USAGE, readOptions, main);
