/** For tests: a checkout with slo.yml and rounds of checks. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Check, CheckRound } from '../../model/index.ts';

export const MINUTE = 60_000;
/** A Sunday morning, late in its month. */
export const NOW = Date.UTC(2026, 10, 22, 5);

export const RULES = `
  - { service: pay, title: Payments, objective_percent: 99.9, journeys: [pay], source: a test }
  - { service: agent, title: Agent, objective_percent: 99.9, journeys: [agent], source: a test }
`;

export interface Checkout {
  root: string;
  reports: string;
  /** Appends lines to the month's file. */
  append(...rounds: CheckRound[]): void;
  /** The environment of a command in it. */
  environment: NodeJS.ProcessEnv;
}

export function makeCheckout(t: TestContext, rules = RULES): Checkout {
  const root = mkdtempSync(join(tmpdir(), 'budget-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const gate = '{ id: errors, metric: journey_error_rate, unit: "%", max: 1, source: a test }';
  writeFileSync(join(root, 'slo.yml'), `version: 1\ngates: [${gate}]\nerror_budgets:${rules}`);
  const reports = join(root, 'reports');
  const folder = join(reports, 'checks');
  mkdirSync(folder, { recursive: true });
  return {
    root, reports, environment: { NO_COLOR: '1' },
    append: (...rounds) => {
      for (const round of rounds) {
        const month = new Date(round.startedAtEpochMs).toISOString().slice(0, 7);
        appendFileSync(join(folder, `${month}.ndjson`), `${JSON.stringify(round)}\n`);
      }
    },
  };
}

/** A round of both journeys, on time; every five minutes. */
export function round(atEpochMs: number, pay: Check['status'], more: Partial<CheckRound> = {}): CheckRound {
  return {
    v: 1, roundId: `r-${atEpochMs}`, target: 'embedded', event: 'ran', dueAtEpochMs: atEpochMs, startedAtEpochMs: atEpochMs,
    endedAtEpochMs: atEpochMs, everyMs: 5 * MINUTE, harnessVersion: '0.1.0', commit: null, detail: null,
    checks: [{ journey: 'pay', status: pay, attempts: [] }, { journey: 'agent', status: 'up', attempts: [] }], ...more,
  };
}

/** Rounds every five minutes from `fromMs` before now until `toMs` before now. */
export function rounds(fromMs: number, toMs: number, pay: (agoMs: number) => Check['status'] = () => 'up', nowMs = NOW): CheckRound[] {
  const list: CheckRound[] = [];
  for (let agoMs = fromMs; agoMs >= toMs; agoMs -= 5 * MINUTE) list.push(round(nowMs - agoMs, pay(agoMs)));
  return list;
}
