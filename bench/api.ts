import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CORE_RATE, report, type Case } from './api/report.ts';
import { LANE, TOOLS, type Tool } from './api/tools.ts';
import { DelayServer, trial, type Trial } from './api/trial.ts';
import { bench, figure } from './shell.ts';

const USAGE = `usage: npm run bench:api -- [--json] [--quick]
The API lane against Artillery's HTTP engine, autocannon, wrk and k6 (the last two where they are on the PATH), in turns
against one local server: the error of the p50 and p99 that each says against what the server itself saw, at 250 and 1000
requests a second, the cores each uses, and how many requests a second a core makes at the most.
  --quick  one short round, about two minutes
  --json   one JSON object on standard output instead of the table
exit code: 0 all aims met, 1 some missed, 3 bad options, 4 the benchmark itself failed`;

const DELAY_MS = 10;
const RATES = [250, 1_000];
/** What the server's delay and a little more make of a connection: tools that wait for answers need so many for a rate. */
const REQUESTS_A_CONNECTION = 1_000 / (DELAY_MS + 1);
const OPEN_CONNECTIONS = 60;
const MAX_CONNECTIONS = 32;
/** For tools that keep to a rate, the most is looked for: each step half as much again, until one is not kept. */
const FIRST_MAX_RATE: Record<string, number> = { [LANE]: 4_000 };
const LEAST_MAX_RATE = 500;
const STEP = 1.5;
const KEPT_SHARE = 0.98;

interface Options {
  json: boolean;
  seconds: number;
  rounds: number;
}

function read(): Options {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { json: flag, quick: flag } });
  return values.quick ? { json: values.json, seconds: 3, rounds: 1 } : { json: values.json, seconds: 10, rounds: 3 };
}

async function run({ json, seconds, rounds }: Options): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-api-'));
  const server = await DelayServer.start(DELAY_MS);
  const cases: Case[] = [];
  const caseOf = (tool: Tool, ratePerSecond: number | null): Case => {
    let own = cases.find((one) => one.tool === tool.id && one.ratePerSecond === ratePerSecond);
    if (!own) cases.push((own = { tool: tool.id, ratePerSecond, trials: [], skipped: tool.missing }));
    return own;
  };
  const once = async (tool: Tool, path: string, ratePerSecond: number | null, connections: number): Promise<Trial> => {
    const order = { url: server.origin + path, ratePerSecond, seconds, connections, folder };
    const done = await trial(tool, server, order);
    const { measured, truth, requestsPerSecond, cores } = done;
    const said = `${figure(requestsPerSecond)}/s with ${figure(cores)} cores, p50 ${figure(measured.p50Ms)} (true ${figure(truth.p50Ms)}) ms`;
    process.stderr.write(`${tool.id.padEnd(24)} ${path} ${ratePerSecond ?? 'max'}: ${said}, p99 ${figure(measured.p99Ms)} (${figure(truth.p99Ms)}) ms\n`);
    return done;
  };
  const usable = TOOLS.filter((tool) => {
    if (tool.missing === null) return true;
    process.stderr.write(`${tool.id}: skipped, ${tool.missing}\n`);
    for (const rate of [...RATES, null]) caseOf(tool, rate);
    return false;
  });
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const rate of RATES) {
        for (const tool of usable) {
          const connections = tool.openLoop ? OPEN_CONNECTIONS : Math.ceil(rate / REQUESTS_A_CONNECTION);
          caseOf(tool, rate).trials.push(await once(tool, '/work', rate, connections));
        }
      }
      for (const tool of usable) {
        if (tool.id === LANE) caseOf(tool, CORE_RATE).trials.push(await once(tool, '/work', CORE_RATE, OPEN_CONNECTIONS));
        const most = await mostOf(tool, (rate) => once(tool, '/now', rate, MAX_CONNECTIONS));
        if (most) caseOf(tool, null).trials.push(most);
      }
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return report(cases, { json, delayMs: DELAY_MS });
}

/** Returns the trial with the most requests that a tool makes; null where it does not even keep the lowest rate. */
async function mostOf(tool: Tool, once: (rate: number | null) => Promise<Trial>): Promise<Trial | null> {
  if (!tool.openLoop || tool.id === 'k6') return once(null);
  let best: Trial | null = null;
  for (let rate = FIRST_MAX_RATE[tool.id] ?? LEAST_MAX_RATE; ; rate = Math.round(rate * STEP)) {
    const at = await once(rate);
    if ((at.requestsPerSecond ?? 0) < KEPT_SHARE * rate || at.measured.failed > 0) return best;
    best = at;
  }
}

await bench(USAGE, read, run);
