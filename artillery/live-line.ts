import type { LaneSummary } from '../src/drive/api/lane.ts';
import type { Observation } from '../src/model/index.ts';

const EVERY_MS = 10_000;

interface Now {
  active: number;
  /** For third parties' budgets. */
  waiting: number;
  elapsedMs: number;
  phase: string | null;
}

/** Says every ten seconds how the run goes. Counts are since the start; latency and CPU are of the last ten seconds. */
export class LiveLine {
  readonly #say: (line: string) => void;
  readonly #now: () => Now;
  readonly #timer: NodeJS.Timeout;
  #passed = 0;
  #failed = 0;
  #turnedAway = 0;
  #perceivedMs: number[] = [];
  #cpuShares: number[] = [];
  #excessMs: number[] = [];
  #api: LaneSummary | null = null;

  constructor(say: (line: string) => void, now: () => Now) {
    this.#say = say;
    this.#now = now;
    this.#timer = setInterval(() => this.#print(), EVERY_MS);
    this.#timer.unref();
  }

  see(observation: Observation): void {
    if (observation.kind === 'journey') {
      if (observation.outcome === 'passed') this.#passed += 1;
      else if (observation.budget !== undefined) this.#turnedAway += 1;
      else this.#failed += 1;
    } else if (observation.kind === 'step' && observation.role === 'observer' && observation.perceivedMs !== null) {
      this.#perceivedMs.push(observation.perceivedMs);
    } else if (observation.kind === 'health') {
      if (observation.cpuShare !== null) this.#cpuShares.push(observation.cpuShare);
    } else if (observation.kind === 'canary' && observation.role === 'observer' && observation.excessMs !== null) {
      this.#excessMs.push(observation.excessMs);
    }
  }

  seeApi(summary: LaneSummary): void {
    this.#api = summary;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #print(): void {
    const { active, waiting, elapsedMs, phase } = this.#now();
    const n = this.#perceivedMs.length;
    const perceived = median(this.#perceivedMs);
    const excess = median(this.#excessMs);
    const cpu = this.#cpuShares.length > 0 ? `${Math.round((100 * this.#cpuShares.reduce((a, b) => a + b, 0)) / this.#cpuShares.length)} %` : 'unknown';
    this.#perceivedMs = [];
    this.#cpuShares = [];
    this.#excessMs = [];
    this.#say(
      [
        clock(elapsedMs).padStart(6),
        (phase ?? '').padEnd(10),
        `${active} active`.padStart(10),
        `${this.#passed} passed`.padStart(11),
        `${this.#failed} failed`.padStart(9),
        ...(waiting + this.#turnedAway === 0 ? [] : [`budgets ${waiting} waiting, ${this.#turnedAway} turned away`]),
        `perceived p50 ${perceived === undefined ? '–' : `${Math.round(perceived)} ms`} (n ${n})`,
        `CPU ${cpu}`,
        ...(this.#api === null ? [] : [apiText(this.#api)]),
        ...(excess === undefined ? [] : [`canary ${excess < 0 ? '−' : '+'}${Math.abs(Math.round(excess))} ms`]),
      ].join('  '),
    );
  }
}

/** `API 51/s, 0 failed, p95 12 ms`: what counts errors is since the start, the rest of the last seconds. */
function apiText({ sentPerSecond, failed, late, p95Ms }: LaneSummary): string {
  const lateText = late === 0 ? '' : `, ${late} late`;
  return `API ${Math.round(sentPerSecond)}/s, ${failed} failed${lateText}, p95 ${p95Ms === null ? '–' : `${Math.round(p95Ms)} ms`}`;
}

function median(values: number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

function clock(elapsedMs: number): string {
  const seconds = Math.round(elapsedMs / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
