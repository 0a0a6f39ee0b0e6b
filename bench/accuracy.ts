import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { resolveBrowser } from '../src/drive/browser.ts';
import { cases, type AccuracyCase } from './accuracy/cases.ts';
import { runHarness, runStock, type Sample } from './accuracy/run.ts';
import { openSites } from './accuracy/server.ts';
import { aimsOf, report, summarize, type CaseResult } from './accuracy/summary.ts';

const usage = `usage: npm run bench:accuracy -- [--json] [--runs N] [--quick] [--only TEXT]
  --runs N     measured steps a case (default 9; --quick 2)
  --quick      fewer runs and short delays only, under a minute
  --only TEXT  only cases whose id contains TEXT
  --json       one JSON object on standard output instead of the table
exit code: 0 all aims met, 1 some missed, 3 bad options, 4 the benchmark itself failed`;

interface Options { json: boolean; runs: number; stockRuns: number; chosen: AccuracyCase[] }

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false },
      runs: { type: 'string' }, only: { type: 'string', default: '' }, help: { type: 'boolean', default: false },
    },
  });
  if (values.help) { console.log(usage); process.exit(0); }
  const runs = Number(values.runs ?? (values.quick ? 2 : 9));
  if (!Number.isInteger(runs) || runs < 1 || runs > 1000) throw new Error('--runs wants a whole number from 1 to 1000');
  const chosen = cases.filter((test) => test.id.includes(values.only) && (!values.quick || test.delayMs <= 400));
  if (chosen.length === 0) throw new Error(`no case is called ${values.only}`);
  return { json: values.json, runs, stockRuns: Math.max(1, Math.round(runs / 5)), chosen };
}

async function main({ json, runs, stockRuns, chosen }: Options): Promise<boolean> {
  const { executablePath, source, version, env } = await resolveBrowser({ BROWSER: 'headless-shell', ...process.env });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], env: { ...process.env, ...env } });
  const sites = await openSites();
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryBytes: totalmem(),
    node: process.version, browser: `${version} (${source})`,
  };
  try {
    const results: CaseResult[] = [];
    for (const [index, test] of chosen.entries()) {
      process.stderr.write(`${String(index + 1).padStart(2)}/${chosen.length} ${test.id}: ${test.title}\n`);
      const samples: Sample[] = [];
      const failures: string[] = [];
      const keep = (some: Sample[]): void => { samples.push(...some); };
      const note = (error: unknown): void => { failures.push(String(error)); };
      await runHarness(browser, sites, test, runs).then(keep, note);
      await runStock(browser, sites, test, stockRuns).then(keep, note);
      results.push(summarize(test, runs, samples, failures));
    }
    const aims = aimsOf(results);
    if (json) console.log(JSON.stringify({ name: 'accuracy', machine, cases: results, aims }));
    else console.log(report(results, aims));
    return aims.every((aim) => aim.met);
  } finally {
    await browser.close();
    await sites.close();
  }
}

let options: Options | undefined;
try { options = readOptions(); } catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  process.exitCode = 3;
}
if (options) {
  try { process.exitCode = await main(options) ? 0 : 1; } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 4;
  }
}
