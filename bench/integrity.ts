import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveBrowser } from '../src/drive/browser.ts';
import { killedHarness, killedPart, plantedCase, type Result } from './integrity/cases.ts';
import type { Load } from './integrity/run.ts';
import { aimLine, atLeast, atMost, bench, machine, table, type Aim } from './shell.ts';

const USAGE = `usage: npm run bench:integrity -- [--json] [--quick] [--only TEXT]
The audit of payments against a known truth: each kind of breach planted in the bundled platform's books under load, 10,000 clean
payments, and books that have to balance after web workers, the payment provider and the harness were killed. About twelve minutes.
  --quick      a few hundred payments, some three minutes
  --only TEXT  only cases whose name contains TEXT
  --json       one JSON object on standard output instead of the table
exit code: 0 all aims met, 1 some missed, 3 bad options, 4 the benchmark itself failed`;

interface Case {
  id: string;
  group: 'planted' | 'clean' | 'killed';
  quick: boolean;
  run: (folder: string) => Promise<Result>;
}

interface Options {
  json: boolean;
  quick: boolean;
  cases: Case[];
}

const PAYERS = { 'escrow checkout': 2, 'payment double click': 1, 'payment two tabs': 1, 'payment refresh and back': 1, 'payment closed tab': 1, 'payment retry after timeout': 1 };
/** By API and browsers; a false receipt is one that a browser was shown. */
const CHARGES = ['duplicate-charge', 'charge-on-failure', 'lost-payment', 'amount-mismatch', 'currency-mismatch'];
const BOOKKEEPING = ['wrong-fee', 'unsettled-escrow', 'key-reuse', 'stuck-refund'];
/** Payments that the books' settling is waited for after planted ones, which never settle. */
const PLANTED_SETTLE_S = 4;

/** Every so many payments one of each kind; the record keeps a hundred breaches. */
function faults(kinds: readonly string[], every: number): string {
  return kinds.map((kind) => `breach-${kind}=${every}`).join(',');
}

function load(seconds: number, paymentsPerSecond: number, users: number, journeys: Record<string, number> = PAYERS): Load {
  return { seconds, paymentsPerSecond, users, journeys };
}

function casesOf(quick: boolean): Case[] {
  const every = quick ? 30 : 40;
  const planted = quick ? load(14, 12, 6, { 'escrow checkout': 1 }) : load(40, 15, 20, { 'escrow checkout': 1 });
  const clean = quick ? load(20, 20, 12) : load(300, 36, 90);
  const killed = quick ? load(20, 10, 8) : load(45, 12, 30);
  return [
    { id: 'planted charges', group: 'planted', quick: true, run: (folder) => plantedCase(folder, 'planted charges', faults(CHARGES, every), planted, PLANTED_SETTLE_S) },
    { id: 'planted books', group: 'planted', quick: true, run: (folder) => plantedCase(folder, 'planted books', faults(BOOKKEEPING, every), planted, PLANTED_SETTLE_S) },
    {
      id: 'planted receipts', group: 'planted', quick: true,
      run: (folder) => plantedCase(folder, 'planted receipts', faults(['false-receipt'], 2), load(quick ? 8 : 20, 0, quick ? 8 : 24, { 'escrow checkout': 1 }), PLANTED_SETTLE_S),
    },
    { id: 'clean payments', group: 'clean', quick: true, run: (folder) => plantedCase(folder, 'clean payments', '', clean, PLANTED_SETTLE_S) },
    { id: 'web worker killed', group: 'killed', quick: true, run: (folder) => killedPart(folder, 'web worker', killed, 4_000) },
    { id: 'payments killed', group: 'killed', quick: false, run: (folder) => killedPart(folder, 'payments', killed, 8_000) },
    { id: 'harness killed', group: 'killed', quick: false, run: (folder) => killedHarness(folder, killed) },
  ];
}

function read(): Options {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { json: flag, quick: flag, only: { type: 'string', default: '' } } });
  const cases = casesOf(values.quick).filter((one) => one.id.includes(values.only) && (one.quick || !values.quick));
  if (cases.length === 0) throw new Error(`no case is called ${values.only}`);
  return { json: values.json, quick: values.quick, cases };
}

function aimsOf(results: readonly { group: Case['group']; result: Result }[], quick: boolean): Aim[] {
  const of = (group: Case['group']): Result[] => results.filter((one) => one.group === group).map(({ result }) => result);
  const sum = (all: readonly Result[], figure: (one: Result) => number): number | null => (all.length === 0 ? null : all.reduce((total, one) => total + figure(one), 0));
  const [planted, clean, killed] = [of('planted'), of('clean'), of('killed')];
  const plantedCount = sum(planted, (one) => one.planted) ?? 0;
  const cleanCount = sum(clean, ({ payments }) => payments) ?? 0;
  const every = [...planted, ...clean, ...killed];
  // What was not asked for is no aim of this run.
  const asked = (id: string): boolean => (id.includes('planted') ? planted : id.includes('clean') ? clean : id.includes('kills') ? killed : every).length > 0;
  return [
    atLeast('planted-breaches', 'breaches', quick ? 40 : 100, sum(planted, (one) => one.planted), planted.length),
    atMost('planted-missed', 'breaches', 0, sum(planted, ({ missed }) => missed.length), plantedCount),
    atMost('invented-beside-planted', 'breaches', 0, sum(planted, ({ invented }) => invented.length), sum(planted, ({ payments }) => payments) ?? 0),
    atLeast('clean-payments', 'payments', quick ? 300 : 10_000, sum(clean, ({ payments }) => payments), clean.length),
    atMost('invented-in-clean', 'breaches', 0, sum(clean, ({ found }) => found), cleanCount),
    atMost('unbalanced-after-kills', 'breaches', 0, sum(killed, ({ found }) => found), sum(killed, ({ kills }) => kills) ?? 0),
    atMost('books-not-whole', 'runs', 0, sum(every, ({ open }) => (open.length > 0 ? 1 : 0)), every.length),
  ].filter(({ id }) => asked(id));
}

async function run({ json, quick, cases }: Options): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-integrity-'));
  try {
    const results: { group: Case['group']; result: Result }[] = [];
    for (const [index, one] of cases.entries()) {
      const result = await one.run(folder);
      results.push({ group: one.group, result });
      const { payments, planted, found, missed, invented, open, kills, seconds } = result;
      process.stderr.write(`${index + 1}/${cases.length} ${one.id}: ${payments} payments, ${planted} planted, ${found} found, ${kills} kills, ${seconds} s\n`);
      for (const line of [...missed.map((key) => `missed ${key}`), ...invented.map((key) => `invented ${key}`), ...open]) process.stderr.write(`    ${line}\n`);
    }
    const aims = aimsOf(results, quick);
    const rows = results.map(({ result }) => result);
    if (json) {
      console.log(JSON.stringify({ name: 'integrity', machine: machine(await resolveBrowser({ BROWSER: 'headless-shell' })), cases: rows, aims }));
    } else {
      console.log(`\n${table([
        ['case', 'payments', 'planted', 'found', 'missed', 'invented', 'kills', 's'],
        ...rows.map((one) => [one.id, one.payments, one.planted, one.found, one.missed.length, one.invented.length, one.kills, one.seconds].map(String)),
      ])}\n`);
      for (const aim of aims) console.log(aimLine(aim, aim.id === 'planted-breaches' || aim.id === 'clean-payments' ? '≥' : '≤'));
    }
    return aims.every((aim) => aim.met);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

await bench(USAGE, read, run);
