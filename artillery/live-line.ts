import type { HealthSample } from '../src/collect/health.ts';
import type { Observation } from '../src/model/index.ts';

const EVERY_MS = 10_000;

interface Now {
  active: number;
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
  #perceivedMs: number[] = [];
  #cpuShares: number[] = [];

  constructor(say: (line: string) => void, now: () => Now) {
    this.#say = say;
    this.#now = now;
    this.#timer = setInterval(() => this.#print(), EVERY_MS);
    this.#timer.unref();
  }

  see(observation: Observation): void {
    if (observation.kind === 'journey') {
      if (observation.outcome === 'passed') this.#passed += 1;
      else this.#failed += 1;
    } else if (observation.kind === 'step' && observation.role === 'observer' && observation.perceivedMs !== null) {
      this.#perceivedMs.push(observation.perceivedMs);
    }
  }

  seeHealth(sample: HealthSample): void {
    if (sample.cpuShare !== null) this.#cpuShares.push(sample.cpuShare);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #print(): void {
    const { active, elapsedMs, phase } = this.#now();
    const steps = this.#perceivedMs.toSorted((a, b) => a - b);
    const median = steps[Math.floor((steps.length - 1) / 2)];
    const cpu = this.#cpuShares.length > 0 ? `${Math.round((100 * this.#cpuShares.reduce((a, b) => a + b, 0)) / this.#cpuShares.length)} %` : 'unknown';
    this.#perceivedMs = [];
    this.#cpuShares = [];
    this.#say(
      [
        clock(elapsedMs).padStart(6),
        (phase ?? '').padEnd(10),
        `${active} active`.padStart(10),
        `${this.#passed} passed`.padStart(11),
        `${this.#failed} failed`.padStart(9),
        `perceived p50 ${median === undefined ? '–' : `${Math.round(median)} ms`} (n ${steps.length})`,
        `CPU ${cpu}`,
      ].join('  '),
    );
  }
}

function clock(elapsedMs: number): string {
  const seconds = Math.round(elapsedMs / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
