import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveBrowser } from '../src/drive/browser.ts';
import { aimLine, bench, machine, whole } from './shell.ts';
import { CASES, aimsOf, caseTable, summarize, type Outcome } from './verdicts/cases.ts';
import { runCase } from './verdicts/run-case.ts';

const USAGE = `usage: npm run bench:verdicts -- [--json] [--quick] [--repetitions N] [--only TEXT]
Short test runs, each a real "artillery run", against a site whose truth is known, and the table of verdicts against it.
  --repetitions N  runs of each case (default 10, about 22 minutes; --quick 1)
  --only TEXT      only cases whose name contains TEXT
  --json           one JSON object on standard output instead of the table
exit code: 0 all aims met, 1 some missed, 3 bad options, 4 the benchmark itself failed`;

interface Options {
  json: boolean;
  repetitions: number;
  cases: typeof CASES;
}

function read(): Options {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: { json: flag, quick: flag, repetitions: { type: 'string' }, only: { type: 'string', default: '' } },
  });
  const cases = CASES.filter((one) => one.id.includes(values.only));
  if (cases.length === 0) throw new Error(`no case is called ${values.only}`);
  const repetitions = whole('repetitions', values.repetitions ?? (values.quick ? '1' : '10'), 1, 1_000);
  return { json: values.json, repetitions, cases };
}

async function run({ json, repetitions, cases }: Options): Promise<boolean> {
  const browser = await resolveBrowser({ BROWSER: 'headless-shell', ...process.env });
  const folder = mkdtempSync(join(tmpdir(), 'openshow-verdicts-'));
  try {
    const outcomes: Outcome[] = [];
    // Case after case in each repetition, so that a spell of noise on the machine does not fall on one case alone.
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      for (const one of cases) {
        const outcome = await runCase(one, repetition, folder);
        outcomes.push(outcome);
        const wrong = outcome.decision === null || !one.allowed.includes(outcome.decision);
        const answer = outcome.decision ?? `no verdict, exit code ${outcome.exitCode}`;
        const said = `${answer} in ${Math.round(outcome.seconds)} s`;
        process.stderr.write(`${repetition}/${repetitions} ${one.id}: ${said}${wrong ? '  ← wrong' : ''}\n`);
        if (outcome.because.length > 0) process.stderr.write(`    ${outcome.because.join('\n    ')}\n`);
      }
    }
    const results = summarize(cases, outcomes);
    const aims = aimsOf(cases, results);
    if (json) {
      console.log(
        JSON.stringify({ name: 'verdicts', machine: machine(browser), cases: results, runs: outcomes, aims }),
      );
    } else {
      console.log(`\n${caseTable(results)}\n`);
      for (const [index, aim] of aims.entries()) console.log(aimLine(aim, index === 3 ? '≥' : '≤'));
    }
    return aims.every((aim) => aim.met);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await bench(USAGE, read, run);
