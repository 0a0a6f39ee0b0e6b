import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { seededRandom } from '../src/drive/observers.ts';
import { killBrowsers, killHarness, type BrowserKills, type Outcome } from './chaos/kills.ts';
import { aimLine, atMost, bench, figure, table, whole, type Aim } from './shell.ts';

const USAGE = `usage: npm run bench:chaos -- [--json] [--quick] [--harness N] [--browser N] [--seed N]
Kills the harness ("kill -9", a run each) and the browsers of one run at random moments, and looks at what is left. Linux only.
  --harness N  kills of the harness (default 20)
  --browser N  kills of a browser (default 20)
  --quick      3 of each
  --seed N     of the moments (default 1)
exit code: 0 the aims are met, 1 one is missed, 3 bad options, 4 the benchmark itself failed`;

/** Issue 3: at most the last second of observations. */
const AIM_LOST_MS = 1_000;

/** Browsers end by themselves when their pipe closes. The next run may start at once after a crash. */
const AIM_GONE_MS = 5_000;

interface Options {
  json: boolean;
  harness: number;
  browser: number;
  seed: number;
}

function readOptions(): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false }, harness: text, browser: text, seed: text },
  });
  const usual = values.quick ? '3' : '20';
  return {
    json: values.json,
    harness: whole('harness', values.harness ?? usual, 0, 500),
    browser: whole('browser', values.browser ?? usual, 0, 500),
    seed: whole('seed', values.seed ?? '1', 0, 1e9),
  };
}

async function main(options: Options): Promise<boolean> {
  const random = seededRandom(`chaos/${options.seed}`);
  const harness: Outcome[] = [];
  const tell = (one: Outcome): void => {
    process.stderr.write(`${one.id} (${one.moment}): ${one.faults.length === 0 ? 'nothing left' : one.faults.join('; ')}\n`);
  };
  let browsers: BrowserKills | null = null;
  if (options.browser > 0) {
    browsers = await killBrowsers(options.browser, random);
    tell(browsers);
  }
  for (let number = 0; number < options.harness; number += 1) {
    const one = await killHarness(number, random);
    harness.push(one);
    tell(one);
  }
  return report(options, harness, browsers);
}

function report(options: Options, harness: Outcome[], browsers: BrowserKills | null): boolean {
  const most = (values: (number | null)[]): number | null => values.reduce((a, b) => (a === null ? b : b === null ? a : Math.max(a, b)), null);
  const measured = harness.filter((one) => one.lostMs !== null);
  const aims: Aim[] = [
    atMost('harness-kills-with-a-fault', 'kills', 0, harness.length === 0 ? null : harness.filter((one) => one.faults.length > 0).length, harness.length),
    atMost('observations-lost', 'ms', AIM_LOST_MS, most(measured.map((one) => one.lostMs)), measured.length),
    atMost('processes-gone-after', 'ms', AIM_GONE_MS, most([...harness, ...(browsers ? [browsers] : [])].map((one) => one.goneAfterMs)), harness.length + (browsers ? 1 : 0)),
    atMost('faults-after-browser-kills', 'faults', 0, browsers?.faults.length ?? null, browsers?.kills ?? 0),
  // What was not asked for is no aim of this run; what was asked for and not measured is one, and not met.
  ].filter(({ id }) => (id === 'faults-after-browser-kills' ? options.browser > 0 : id === 'observations-lost' ? options.harness > 1 : options.harness > 0));
  const cases = [...(browsers ? [browsers] : []), ...harness];
  if (options.json) {
    const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryBytes: totalmem(), node: process.version };
    console.log(JSON.stringify({ name: 'chaos', machine, seed: options.seed, cases, aims }));
  } else {
    console.log(table([
      ['kill', 'moment', 'lost ms', 'gone after ms', 'faults'],
      ...cases.map((one) => [one.id, one.moment, figure(one.lostMs), figure(one.goneAfterMs), String(one.faults.length)]),
    ]));
    if (browsers) console.log(`\n${browsers.kills} browsers killed in one run: ${browsers.crashedUsers} users crashed and counted, the run came to its verdict`);
    for (const one of cases) for (const fault of one.faults) console.log(`${one.id}: ${fault}`);
    console.log('');
    for (const aim of aims) console.log(aimLine(aim, '≤'));
  }
  return aims.every((aim) => aim.met);
}

await bench(USAGE, readOptions, main);
