import type { ResolvedBrowser } from '../../src/drive/browser.ts';
import type { RateTrial } from '../../src/drive/rate-search.ts';
import { aimLine, atLeast, figure, machine, table, type Aim } from '../shell.ts';

export interface Case {
  id: string;
  /** The highest rate that held; null where none did, and where the runner was skipped. */
  journeysPerSecond: number | null;
  /** The highest rate allowed held. */
  unbounded: boolean;
  idleCanaryMs: number | null;
  /** A user alone on the idle machine, median. */
  soloMs: number | null;
  /** At the highest rate that held, as a share of the idle value. */
  inflationAtBest: number | null;
  trials: RateTrial[];
  /** Why it was not measured; null where it was. */
  skipped: string | null;
}

const OWN = 'this harness';
/** Keeping observers apart must not cost load: decided here, the issue asks for the ratios alone. */
const PEERS = ['stock engine, one shared browser', 'stock engine, a browser a user'];
const LEAST_RATIO = 1;

/** Returns how many times a runner's rate this harness makes; null where either is not known. */
export function ratioOver(cases: readonly Case[], peer: string): number | null {
  const rate = (id: string): number | null => cases.find((one) => one.id === id)?.journeysPerSecond ?? null;
  const [own, other] = [rate(OWN), rate(peer)];
  return own === null || other === null || other === 0 ? null : own / other;
}

export function aimsOf(cases: readonly Case[]): Aim[] {
  return PEERS.map((peer) => {
    const n = cases.find((one) => one.id === peer)?.trials.length ?? 0;
    return atLeast(`harness-over-${peer.replace(/[ ,]+/g, '-')}`, 'ratio', LEAST_RATIO, ratioOver(cases, peer), n);
  });
}

interface About {
  json: boolean;
  browser: ResolvedBrowser;
}

/** Prints the table or the JSON object, and returns whether all aims were met. */
export function report(cases: readonly Case[], { json, browser }: About): boolean {
  const aims = aimsOf(cases);
  if (json) {
    const shown = cases.map((one) => ({ ...one, harnessOver: ratioOver(cases, one.id) }));
    console.log(JSON.stringify({ name: 'capacity', machine: machine(browser), cases: shown, aims }));
    return aims.every((aim) => aim.met);
  }
  console.log(
    '\nthe most journeys a second with the canary less than 25 % over rest and 95 % of the users keeping up\n',
  );
  console.log(
    table([
      ['runner', 'journeys/s', 'harness is', 'canary at rest ms', 'and over it', 'user alone ms'],
      ...cases
        .filter((one) => one.skipped === null)
        .map((one) => {
          const ratio = ratioOver(cases, one.id);
          const best = one.journeysPerSecond;
          const rate = best === null ? 'none held' : `${one.unbounded ? '≥ ' : ''}${figure(best)}`;
          const inflation = one.inflationAtBest === null ? '–' : `${Math.round(100 * one.inflationAtBest)} %`;
          const times = ratio === null ? '–' : `${figure(ratio)} ×`;
          return [one.id, rate, times, figure(one.idleCanaryMs), inflation, figure(one.soloMs)];
        }),
    ]),
  );
  for (const one of cases) if (one.skipped !== null) console.log(`${one.id}: skipped, ${one.skipped}`);
  console.log('');
  for (const aim of aims) console.log(aimLine(aim, '≥'));
  return aims.every((aim) => aim.met);
}
