import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningPlatform } from '../../src/drive/platform.ts';
import type { BreachKind, RunRecord } from '../../src/model/index.ts';
import { childNamed, killOften } from './kills.ts';
import { recordOf, startBooks, startRun, type Load } from './run.ts';

/** What one run showed. */
export interface Result {
  id: string;
  payments: number;
  /** What the platform says it planted. */
  planted: number;
  found: number;
  /** Planted and not found; found and not planted: `kind intent`. */
  missed: string[];
  invented: string[];
  /** Why the books could not be judged as a whole; empty where they could. */
  open: string[];
  /** Processes that were killed. */
  kills: number;
  seconds: number;
}

interface Planted {
  kind: BreachKind;
  intentId: string;
}

async function plantedIn({ url, operationsToken }: RunningPlatform, runId: string): Promise<Planted[]> {
  const response = await fetch(`${url}/api/v1/operations/planted-breaches?run_id=${runId}`, { headers: { authorization: `Bearer ${operationsToken}` } });
  if (!response.ok) throw new Error(`the platform does not say what was planted: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { planted: Planted[] }).planted;
}

function compare(id: string, { integrity, verdict }: RunRecord, planted: readonly Planted[], kills: number, startedMs: number): Result {
  const key = ({ kind, intentId }: { kind: string; intentId: string | null }): string => `${kind} ${intentId}`;
  const told = (integrity?.breaches ?? []).map(key);
  const found = Object.values(integrity?.counts ?? {}).reduce((sum, count) => sum + count, 0);
  const [before, after] = [new Set(planted.map(key)), new Set(told)];
  return {
    id, kills, planted: planted.length, found, payments: integrity?.payments ?? 0,
    missed: [...before].filter((one) => !after.has(one)),
    invented: [...told.filter((one) => !before.has(one)), ...(found > told.length ? [`${found - told.length} more than the record holds`] : [])],
    open: [...new Set(verdict.gates.filter(({ status }) => status !== 'pass' && status !== 'fail').map(({ hint }) => hint ?? 'no reason given'))],
    seconds: Math.round((performance.now() - startedMs) / 1_000),
  };
}

/** Makes one run with breaches planted by `faults`, or with none, and returns what was found of them. */
export async function plantedCase(folder: string, id: string, faults: string, load: Load, settleS: number): Promise<Result> {
  const startedMs = performance.now();
  const name = id.replace(/[^a-z0-9]+/g, '-');
  const platform = await startBooks(folder, name, faults);
  try {
    const record = await recordOf(folder, name, startRun(folder, name, load, platform, { settleS }));
    return compare(id, record, await plantedIn(platform, name), 0, startedMs);
  } finally {
    await platform.stop();
  }
}

/** Kills one part of the platform every few seconds while payments are under way; a run must find its books in order. */
export async function killedPart(folder: string, part: 'web worker' | 'payments', load: Load, everyMs: number): Promise<Result> {
  const startedMs = performance.now();
  const name = `killed-${part.replace(' ', '-')}`;
  const platform = await startBooks(folder, name, '');
  try {
    const run = startRun(folder, name, load, platform);
    await run.said('\nplan ');
    // Until the load has begun: the browsers, the accounts of the lane.
    await sleep(4_000);
    const kills = await killOften(load.seconds * 1_000 - 6_000, everyMs, async () => {
      if (part === 'payments') return killPid(childNamed(platform.pid, 'platform/payments/'));
      const { url, operationsToken } = platform;
      const answer = await fetch(`${url}/api/v1/operations/kill-worker`, { method: 'POST', headers: { authorization: `Bearer ${operationsToken}` } }).catch(() => null);
      return answer?.ok === true;
    });
    const record = await recordOf(folder, name, run);
    return compare(`${part} killed`, record, [], kills, startedMs);
  } finally {
    await platform.stop();
  }
}

function killPid(pid: number | null): boolean {
  if (pid === null) return false;
  process.kill(pid, 'SIGKILL');
  return true;
}

/** Kills the harness in the middle of payments, goes on with the run, and looks at the books of both parts. */
export async function killedHarness(folder: string, load: Load): Promise<Result> {
  const startedMs = performance.now();
  const name = 'killed-harness';
  const platform = await startBooks(folder, name, '');
  try {
    const first = startRun(folder, name, load, platform);
    await first.said('\nplan ');
    await sleep(Math.round(load.seconds * 500));
    first.child.kill('SIGKILL');
    await first.ended;
    const record = await recordOf(folder, name, startRun(folder, name, load, platform, { resume: true }));
    return compare('harness killed', record, [], 1, startedMs);
  } finally {
    await platform.stop();
  }
}
