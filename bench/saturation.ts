import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveBrowser } from '../src/drive/browser.ts';
import { describePriority } from '../src/drive/launcher.ts';
import { startPracticeSite } from '../src/drive/practice.ts';
import { Lab, type Kind } from './saturation/lab.ts';
import { report, type Level, type Stretch } from './saturation/report.ts';
import { bench, whole } from './shell.ts';

const USAGE = `usage: npm run bench:saturation -- [--json] [--quick] [--rounds N]
Measures a page with a server delay of 120 ms, on the idle machine and under a browser crowd that takes 50 %, 100 % and
far more than 100 % of the processors: by Playwright and by the probe inside the crowd, and by observers apart.
  --rounds N  rounds in which every load and both arrangements take their turn (default 5, about eight minutes)
  --quick     one short round, under a minute: too few samples for the percentiles
  --json      one JSON object on standard output instead of the table
exit code: 0 all aims met, 1 some missed, 3 bad options, 4 the benchmark itself failed`;

interface Options {
  json: boolean;
  rounds: number;
  idleMs: number;
  stretchMs: number;
  settleMs: number;
}

function read(): Options {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
    },
  });
  const rounds = whole('rounds', values.rounds ?? (values.quick ? '1' : '5'), 1, 50);
  const times = values.quick
    ? { idleMs: 5_000, stretchMs: 4_000, settleMs: 1_000 }
    : { idleMs: 20_000, stretchMs: 11_000, settleMs: 2_000 };
  return { json: values.json, rounds, ...times };
}

/** In closed loop two users a processor keep it busy; ten a processor are far past that. */
const LEVELS: { level: Exclude<Level, 'idle'>; usersPerCore: number; share: number | null }[] = [
  { level: '50 %', usersPerCore: 2, share: 0.5 },
  { level: '100 %', usersPerCore: 2, share: null },
  { level: 'far past', usersPerCore: 10, share: null },
];

async function run(options: Options): Promise<boolean> {
  const resolved = await resolveBrowser({ BROWSER: 'headless-shell', ...process.env });
  const folder = mkdtempSync(join(tmpdir(), 'openshow-saturation-'));
  const site = await startPracticeSite();
  const lab = new Lab(resolved, folder, site.url);
  try {
    const stretches: Stretch[] = [];
    const stretch = async (
      level: Level,
      kind: Kind,
      users: number,
      paceMs: number | null,
      durationMs: number,
    ): Promise<Stretch> => {
      process.stderr.write(`${level.padEnd(9)} ${kind === 'split' ? 'observers apart' : 'all in one browser'}\n`);
      const seen = await lab.stretch(kind, users, paceMs, level === 'idle' ? 0 : options.settleMs, durationMs);
      return { level, kind, ...seen };
    };
    await lab.warm();
    stretches.push(await stretch('idle', 'split', 0, null, options.idleMs));
    const cores = cpus().length;
    // Half the load is half of what a busy machine makes: measured, and not kept.
    const full = await stretch('100 %', 'one', 2 * cores, null, options.stretchMs / 2);
    for (let round = 0; round < options.rounds; round += 1) {
      const kinds: Kind[] = round % 2 === 0 ? ['one', 'split'] : ['split', 'one'];
      for (const { level, usersPerCore, share } of LEVELS) {
        const users = usersPerCore * cores;
        const paceMs = share === null ? null : (1_000 * users) / Math.max(0.1, share * full.crowdPerSecond);
        for (const kind of kinds) stretches.push(await stretch(level, kind, users, paceMs, options.stretchMs));
      }
    }
    return report(stretches, {
      json: options.json,
      browser: resolved,
      priority: describePriority(await lab.crowdPid()),
    });
  } finally {
    await lab.close();
    await site.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await bench(USAGE, read, run);
