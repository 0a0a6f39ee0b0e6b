import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { DrillAction, DrillsPlan } from '../../model/index.ts';
import { temporaryFolder } from '../testing.ts';
import { DrillDriver, type DrillPoint } from './driver.ts';
import { leftovers, RollbackJournal } from './journal.ts';
import { OPERATIONS_TOKEN } from './secrets.ts';
import { planOf, reachesAt, serveDependencies, TOKEN, type Dependencies } from './testing.ts';

interface Held {
  driver: DrillDriver;
  dependencies: Dependencies;
  runDir: string;
  points: DrillPoint[];
  journal: RollbackJournal;
  /** Resolves at the turning point, the first unless said otherwise. */
  came: (event: DrillPoint['event'], times?: number) => Promise<void>;
}

/** A driver at work on real servers; its clock is the machine's, so that `fromS` and `forS` are real, and short. */
async function hold(t: TestContext, ...actions: DrillAction[]): Promise<Held> {
  return holdAll(t, planOf(...actions));
}

async function holdAll(t: TestContext, plan: DrillsPlan): Promise<Held> {
  const dependencies = await serveDependencies(t);
  const runDir = temporaryFolder(t);
  const points: DrillPoint[] = [];
  const waiting = new Set<() => void>();
  const journal = RollbackJournal.begin(runDir, 'run-1');
  const driver = new DrillDriver({
    plan, reaches: reachesAt(dependencies.url), journal, now: () => performance.now(),
    secrets: (name) => (name === OPERATIONS_TOKEN ? TOKEN : name === 'KEY' ? 'secret-key' : undefined),
    record: (point) => {
      points.push(point);
      for (const look of waiting) look();
    },
  });
  t.after(() => driver.end());
  const came = (event: DrillPoint['event'], times = 1): Promise<void> => new Promise((resolve) => {
    const look = (): void => {
      if (points.filter((point) => point.event === event).length >= times) resolve();
    };
    waiting.add(look);
    look();
  });
  return { driver, dependencies, runDir, points, journal, came };
}

/** Long enough that only an end from outside takes it out. */
const LONG = { fromS: 0, forS: 600 };
const SHORT = { fromS: 0, forS: 0.05 };

const events = (points: readonly DrillPoint[]): string[] => points.map(({ event }) => event);

test('a fault goes in at its time, comes out after its length, and both are recorded', async (t) => {
  const { driver, dependencies, points, came, journal } = await hold(t, { kind: 'cut', dependency: 'payments', ...SHORT });
  driver.phaseStarted('held');
  await came('fault-in');
  assert.ok(dependencies.asked.length >= 1);
  await came('fault-out');
  assert.equal(dependencies.proxies.get('payments')?.enabled, true);
  assert.deepEqual(await driver.end(), []);
  assert.deepEqual(events(points), ['begun', 'fault-in', 'fault-out', 'ended']);
  assert.deepEqual(journal.open, []);
});

test('how a fault is undone is on disk before it goes in', async (t) => {
  const { driver, dependencies, runDir, came } = await hold(t, { kind: 'toxic', dependency: 'model', toxic: { type: 'latency', stream: 'downstream', toxicity: 1, attributes: { latency: 5 } }, ...LONG });
  let owed = '';
  const add = dependencies.proxies.get('model');
  assert.ok(add);
  // What the file says at the very moment at which the toxic is asked for.
  add.toxics.set = function set(key: string, value: unknown) {
    owed = readFileSync(join(runDir, 'rollback.json'), 'utf8');
    return Map.prototype.set.call(this, key, value) as Map<string, unknown>;
  };
  driver.phaseStarted('held');
  await came('fault-in');
  assert.match(owed, /"kind": "toxic"/);
  assert.match(owed, /"state": "due"/);
  assert.equal(add.toxics.size, 1);
  await driver.end();
  assert.equal(add.toxics.size, 0);
  assert.match(readFileSync(join(runDir, 'rollback.json'), 'utf8'), /"state": "done"/);
});

test('each kind of action is done, and undone when the drill is ended in the middle', async (t) => {
  const at = LONG;
  const { driver, dependencies, points, came } = await hold(t,
    { kind: 'cut', dependency: 'payments', ...at },
    { kind: 'provider', dependency: 'model', fault: { mode: 'rate-limit', share: 1, retryAfterSeconds: 2 }, ...at },
    { kind: 'flag', flag: 'page-cache', enabled: false, ...at },
    { kind: 'kill-worker', ...at },
    { kind: 'http', call: { method: 'PUT', url: 'http://127.0.0.1:1/', headers: {}, body: null }, undo: null, ...at });
  driver.phaseStarted('held');
  await Promise.all([dependencies.when(/POST \/proxies\/payments/), dependencies.when(/PUT \/control/), dependencies.when(/PUT \/flags/), dependencies.when(/kill-worker/), came('action-failed')]);
  assert.deepEqual([dependencies.proxies.get('payments')?.enabled, dependencies.flags.get('page-cache'), dependencies.killed], [false, false, 1]);
  assert.deepEqual(dependencies.fault, { mode: 'rate-limit', share: 1, retryAfterSeconds: 2 });
  assert.deepEqual(await driver.end(), []);
  assert.deepEqual([dependencies.proxies.get('payments')?.enabled, dependencies.flags.get('page-cache'), dependencies.fault], [true, true, null]);
  const failed = points.find(({ event }) => event === 'action-failed');
  assert.match(failed?.detail ?? '', /^PUT http:\/\/127\.0\.0\.1:1\/: /);
});

test('a flag goes back to what it was, not to its opposite', async (t) => {
  const { driver, dependencies, came } = await hold(t, { kind: 'flag', flag: 'page-cache', enabled: false, ...LONG });
  dependencies.flags.set('page-cache', false);
  driver.phaseStarted('held');
  await came('fault-in');
  await driver.end();
  assert.equal(dependencies.flags.get('page-cache'), false);
});

test('a command runs without a shell, its undo at the end, and a setting of .env only fills a header', async (t) => {
  const folder = temporaryFolder(t);
  const write = (name: string): string[] => [process.execPath, '-e', `require('node:fs').writeFileSync(${JSON.stringify(join(folder, name))}, process.argv[1])`, '$HOME; rm -rf x'];
  const { driver, dependencies, came, runDir } = await hold(t, { kind: 'command', run: write('in'), undo: write('out'), ...SHORT });
  driver.phaseStarted('held');
  await came('fault-out');
  assert.equal(readFileSync(join(folder, 'in'), 'utf8'), '$HOME; rm -rf x');
  assert.equal(readFileSync(join(folder, 'out'), 'utf8'), '$HOME; rm -rf x');
  assert.deepEqual(dependencies.asked, []);
  assert.doesNotMatch(readFileSync(join(runDir, 'rollback.json'), 'utf8'), /secret-key|operations-token/);
});

test('what cannot be undone is told, recorded and still owed; a later try takes it out', async (t) => {
  const { driver, dependencies, points, came, journal, runDir } = await hold(t, { kind: 'cut', dependency: 'payments', ...LONG });
  driver.phaseStarted('held');
  await came('fault-in');
  dependencies.failing = 500;
  const failed = await driver.end();
  assert.deepEqual(failed.map(({ what }) => what), ['payments: nothing comes through']);
  assert.match(failed[0]?.why ?? '', /answered 500/);
  assert.ok(events(points).includes('rollback-failed'));
  assert.equal(journal.open.length, 1);
  assert.equal(RollbackJournal.read(runDir)?.open[0]?.state, 'failed');
  // This process still lives, so that nobody else takes it for a leftover.
  assert.deepEqual(leftovers(join(runDir, '..')).filter((one) => one.runDir === runDir), []);
});

test('the next phase takes out what the drill before still had in', async (t) => {
  const { driver, dependencies, points, came } = await hold(t, { kind: 'cut', dependency: 'payments', ...LONG });
  driver.phaseStarted('warm up');
  assert.deepEqual(points, []);
  driver.phaseStarted('held');
  await came('fault-in');
  driver.phaseStarted('another');
  await came('fault-out');
  assert.equal(dependencies.proxies.get('payments')?.enabled, true);
});

test('a drill that ends before its fault breaks nothing', async (t) => {
  const { driver, dependencies, points } = await hold(t, { kind: 'cut', dependency: 'payments', fromS: 600, forS: 1 });
  driver.phaseStarted('held');
  await driver.end();
  assert.deepEqual(events(points), ['begun', 'ended']);
  assert.deepEqual(dependencies.asked, []);
});

test('a phase that begins after the end breaks nothing', async (t) => {
  const { driver, dependencies, points } = await hold(t, { kind: 'cut', dependency: 'payments', ...LONG });
  const ending = driver.end();
  driver.phaseStarted('held');
  await ending;
  driver.phaseStarted('held');
  await driver.end();
  assert.deepEqual(points, []);
  assert.deepEqual(dependencies.asked, []);
});

const TOXIC = { kind: 'toxic', dependency: 'payments', toxic: { type: 'timeout', stream: 'downstream', toxicity: 1, attributes: { timeout: 0 } } } as const;
/** Two drills, one after the other: a toxic that is in until its drill ends, and these. */
const twoDrills = (...next: DrillAction[]): DrillsPlan => {
  const plan = planOf({ ...TOXIC, ...LONG });
  return { ...plan, drills: [...plan.drills, ...planOf(...next).drills.map((drill) => ({ ...drill, name: 'next', phase: 'next' }))] };
};

test('a fault right after another one on the same dependency waits until that is out', async (t) => {
  // Not in the order in which they are written, but in that of their times.
  const { driver, dependencies, points, came } = await hold(t,
    { kind: 'cut', dependency: 'payments', fromS: 0.05, forS: 600 }, { ...TOXIC, ...SHORT });
  driver.phaseStarted('held');
  await came('fault-in');
  dependencies.failing = 500;
  await dependencies.when(/DELETE \/proxies\/payments/);
  dependencies.failing = null;
  await came('fault-in', 2);
  assert.deepEqual(events(points), ['begun', 'fault-in', 'fault-out', 'fault-in']);
  assert.deepEqual([dependencies.proxies.get('payments')?.toxics.size, dependencies.proxies.get('payments')?.enabled], [0, false]);
  await driver.end();
});

test('a flag set twice in a row goes back to what it was before both', async (t) => {
  const { driver, dependencies, came } = await hold(t,
    { kind: 'flag', flag: 'page-cache', enabled: false, ...SHORT }, { kind: 'flag', flag: 'page-cache', enabled: false, fromS: 0.05, forS: 600 });
  driver.phaseStarted('held');
  await came('fault-in');
  dependencies.failing = 500;
  await dependencies.when(/PUT \/flags\/page-cache/, 2);
  dependencies.failing = null;
  await came('fault-in', 2);
  assert.equal(dependencies.flags.get('page-cache'), false);
  await driver.end();
  assert.equal(dependencies.flags.get('page-cache'), true);
});

test('a drill waits until what the one before did to the same dependency is out; what names none waits for all of it', async (t) => {
  const { driver, dependencies, points, came } = await holdAll(t, twoDrills({ kind: 'cut', dependency: 'payments', ...LONG }, { kind: 'kill-worker', ...LONG }));
  driver.phaseStarted('held');
  await came('fault-in');
  dependencies.failing = 500;
  driver.phaseStarted('next');
  await dependencies.when(/DELETE \/proxies\/payments/);
  assert.deepEqual(events(points), ['begun', 'fault-in', 'ended', 'begun']);
  dependencies.failing = null;
  await came('fault-in', 3);
  assert.deepEqual(events(points).slice(4), ['fault-out', 'fault-in', 'fault-in']);
  assert.deepEqual([dependencies.proxies.get('payments')?.toxics.size, dependencies.proxies.get('payments')?.enabled, dependencies.killed], [0, false, 1]);
  await driver.end();
});

test('a drill that ends while it waits for the one before breaks nothing', async (t) => {
  const { driver, dependencies, points, came } = await holdAll(t, twoDrills({ kind: 'cut', dependency: 'payments', ...LONG }));
  driver.phaseStarted('held');
  await came('fault-in');
  dependencies.failing = 500;
  driver.phaseStarted('next');
  await dependencies.when(/DELETE \/proxies\/payments/);
  const ending = driver.end();
  dependencies.failing = null;
  assert.deepEqual(await ending, []);
  assert.deepEqual(events(points), ['begun', 'fault-in', 'ended', 'begun', 'ended', 'fault-out']);
  assert.deepEqual(dependencies.asked.filter((one) => one === 'POST /proxies/payments'), []);
});

test('a drill that ends while a state is read breaks nothing', async (t) => {
  const { driver, dependencies, points } = await hold(t, { kind: 'flag', flag: 'page-cache', enabled: false, ...LONG });
  const read = new Promise<void>((resolve) => {
    dependencies.flags[Symbol.iterator] = () => {
      resolve();
      return dependencies.flags.entries();
    };
  });
  driver.phaseStarted('held');
  await read;
  await driver.end();
  assert.deepEqual(events(points), ['begun', 'ended']);
  assert.deepEqual(dependencies.asked, []);
});
