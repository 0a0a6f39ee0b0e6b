import type { ResolvedBrowser } from '../../src/drive/browser.ts';
import { aimLine, atLeast, atMost, figure, machine, percentile, table, type Aim } from '../shell.ts';
import type { Kind, Seen } from './lab.ts';

export type Level = 'idle' | '50 %' | '100 %' | 'far past';
export interface Stretch extends Seen {
  level: Level;
  kind: Kind;
}

interface Figures {
  p50Ms: number | null;
  p95Ms: number | null;
  n: number;
}

export interface Case {
  id: string;
  level: Level;
  /** Of the processors, in both arrangements. */
  cpuShare: Record<Kind, number | null>;
  playwrightInCrowd: Figures;
  probeInCrowd: Figures;
  observers: Figures;
  /** Crowd users a second; in brackets in the table: all users. */
  crowdPerSecond: Record<Kind, number | null>;
  allPerSecond: Record<Kind, number | null>;
  failed: number;
}

/** Design §6, the "Show": at full saturation. */
const LIMITS = { p50Percent: 5, p95Percent: 20, throughputPercent: 95 };
/** The fewest samples whose p95 is not simply the largest. */
const LEAST_FOR_P95 = 21;

/** Returns a case for each load. */
export function casesOf(stretches: readonly Stretch[]): Case[] {
  const levels = [...new Set(stretches.map((one) => one.level))];
  return levels.map((level) => {
    const of = (kind: Kind): Stretch[] => stretches.filter((one) => one.level === level && one.kind === kind);
    const figures = (kind: Kind, which: 'probeMs' | 'playwrightMs'): Figures =>
      figuresOf(of(kind).flatMap((one) => one[which]));
    const means = (which: 'cpuShare' | 'crowdPerSecond' | 'allPerSecond'): Record<Kind, number | null> => ({
      one: mean(of('one').map((one) => one[which])),
      split: mean(of('split').map((one) => one[which])),
    });
    return {
      id: level,
      level,
      cpuShare: means('cpuShare'),
      playwrightInCrowd: figures('one', 'playwrightMs'),
      probeInCrowd: figures('one', 'probeMs'),
      observers: figures('split', 'probeMs'),
      crowdPerSecond: means('crowdPerSecond'),
      allPerSecond: means('allPerSecond'),
      failed: [...of('one'), ...of('split')].reduce((sum, one) => sum + one.failed, 0),
    };
  });
}

/** Returns the page's own truth on the idle machine. */
export function truthOf(stretches: readonly Stretch[]): Figures {
  return figuresOf(stretches.filter((one) => one.level === 'idle').flatMap((one) => one.truthMs));
}

/** Returns the aims, at the load far past the processors' end. */
export function aimsOf(cases: readonly Case[], truth: Figures): Aim[] {
  const past = cases.find((one) => one.level === 'far past');
  const off = (own: number | null | undefined, idle: number | null): number | null =>
    own === null || own === undefined || idle === null ? null : Math.max(0, (100 * (own - idle)) / idle);
  const n = past?.observers.n ?? 0;
  const enough = n >= LEAST_FOR_P95 && truth.n >= LEAST_FOR_P95;
  const [split, one] = [past?.crowdPerSecond.split ?? null, past?.crowdPerSecond.one ?? null];
  return [
    atMost('observers-p50-over-truth', '%', LIMITS.p50Percent, off(past?.observers.p50Ms, truth.p50Ms), n),
    // Of fewer samples the p95 is the largest: nothing that an aim could be judged by.
    atMost(
      'observers-p95-over-truth',
      '%',
      LIMITS.p95Percent,
      enough ? off(past?.observers.p95Ms, truth.p95Ms) : null,
      n,
    ),
    atLeast(
      'crowd-throughput-of-unsplit',
      '%',
      LIMITS.throughputPercent,
      split === null || !one ? null : (100 * split) / one,
      n,
    ),
  ];
}

export interface About {
  json: boolean;
  browser: ResolvedBrowser;
  /** What keeps the crowd down. */
  priority: string;
}

/** Prints the table or the JSON object, and returns whether all aims were met. */
export function report(stretches: readonly Stretch[], { json, browser, priority }: About): boolean {
  const cases = casesOf(stretches);
  const truth = truthOf(stretches);
  const aims = aimsOf(cases, truth);
  if (json) {
    const about = { ...machine(browser), crowdPriority: priority };
    console.log(JSON.stringify({ name: 'saturation', machine: about, truth, cases, aims }));
    return aims.every((aim) => aim.met);
  }
  console.log(`\nA page with a server delay of 120 ms; p50/p95 in ms (n). The crowd's priority: ${priority}`);
  console.log(`truth on the idle machine, by the page's own script: ${shown(truth)}\n`);
  const percent = (share: number | null): string => (share === null ? '–' : `${Math.round(100 * share)} %`);
  console.log(
    table([
      [
        'load',
        'CPU one/split',
        'Playwright in crowd',
        'probe in crowd',
        'observers',
        'crowd/s one',
        'crowd/s split',
        'failed',
      ],
      ...cases.map((one) => [
        one.level,
        `${percent(one.cpuShare.one)} / ${percent(one.cpuShare.split)}`,
        shown(one.playwrightInCrowd),
        shown(one.probeInCrowd),
        shown(one.observers),
        rate(one, 'one'),
        rate(one, 'split'),
        String(one.failed),
      ]),
    ]),
  );
  console.log(
    '\none: everybody in one browser at normal priority; split: observers apart, the crowd at lowest priority',
  );
  console.log('users a second: of the crowd, and in brackets with the measured users\n');
  for (const [index, aim] of aims.entries()) console.log(aimLine(aim, index === 2 ? '≥' : '≤'));
  return aims.every((aim) => aim.met);
}

function rate(one: Case, kind: Kind): string {
  return one.crowdPerSecond[kind] === null
    ? '–'
    : `${figure(one.crowdPerSecond[kind])} (${figure(one.allPerSecond[kind])})`;
}

function shown({ p50Ms, p95Ms, n }: Figures): string {
  return n === 0 ? '–' : `${figure(p50Ms)}/${figure(p95Ms)} (${n})`;
}

function figuresOf(values: readonly number[]): Figures {
  return { p50Ms: percentile(values, 50), p95Ms: percentile(values, 95), n: values.length };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;
}
