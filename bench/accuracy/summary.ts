import type { AccuracyCase } from './cases.ts';
import type { Sample } from './run.ts';

/** The absolute error of one clock over the runs of one case. Null where it gave no value at all. */
export interface ClockError {
  n: number; missing: number; medianMs: number | null; p95Ms: number | null; maxMs: number | null;
}
export interface CaseResult {
  id: string; title: string; delayMs: number; truthMedianMs: number | null;
  clocks: Record<'harness' | 'waitFor' | 'stock', ClockError>;
  /** why the harness gave no value, and what went wrong in the benchmark */
  notes: string[];
}
export interface Aim { id: string; unit: 'ms'; limit: number; observed: number | null; n: number; met: boolean }

/** Issue 2: within 2 ms of truth at the median, and within a frame of a 60 Hz display at p95. */
const MEDIAN_LIMIT_MS = 2;
const P95_LIMIT_MS = 17;

const round = (value: number): number => Math.round(value * 100) / 100;

/** Nearest rank: below 20 values the 95th percentile is the largest one. */
function percentile(values: number[], p: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
  return value === undefined ? null : round(value);
}

export function summarize(test: AccuracyCase, runs: number, samples: Sample[], failures: string[]): CaseResult {
  const errorOf = (clock: string, expected: number): ClockError => {
    const errors = samples.flatMap(({ truthMs, clocks }) => {
      const value = clocks[clock];
      return value === undefined || value === null ? [] : [Math.abs(value - truthMs)];
    });
    return {
      n: errors.length, missing: Math.max(0, expected - errors.length),
      medianMs: percentile(errors, 0.5), p95Ms: percentile(errors, 0.95), maxMs: percentile(errors, 1),
    };
  };
  const stockRuns = samples.filter(({ clocks }) => 'stock' in clocks).length;
  return {
    id: test.id, title: test.title, delayMs: test.delayMs,
    truthMedianMs: percentile(samples.map(({ truthMs }) => truthMs), 0.5),
    clocks: {
      harness: errorOf('harness', runs), waitFor: errorOf('waitFor', runs), stock: errorOf('stock', stockRuns),
    },
    notes: [...new Set([...samples.flatMap(({ reason }) => reason ?? []), ...failures])],
  };
}

/** Two aims a case. A run without a value is a miss, however good the others are. */
export function aimsOf(results: CaseResult[]): Aim[] {
  return results.flatMap(({ id, clocks: { harness } }) => {
    const aim = (stat: string, limit: number, observed: number | null): Aim => ({
      id: `${id}.${stat}`, unit: 'ms', limit, observed, n: harness.n,
      met: observed !== null && harness.missing === 0 && observed <= limit,
    });
    return [aim('median', MEDIAN_LIMIT_MS, harness.medianMs), aim('p95', P95_LIMIT_MS, harness.p95Ms)];
  });
}

const cell = (value: number | null, width: number): string =>
  (value === null ? '–' : value.toFixed(1)).padStart(width);

/** The table for people: absolute error against the page's own truth, median and p95 per clock. */
export function report(results: CaseResult[], aims: Aim[]): string {
  const lines = [
    '|error| against what the page itself saw, ms              truth      harness      waitFor  stock test.step',
    'case              how the element comes to be seen         p50     p50   p95    p50   p95    p50   p95   n',
  ];
  for (const { id, title, truthMedianMs, clocks, notes } of results) {
    const pair = ({ medianMs, p95Ms }: ClockError): string => `${cell(medianMs, 7)}${cell(p95Ms, 6)}`;
    const counts = `${clocks.harness.n}/${clocks.waitFor.n}/${clocks.stock.n}`;
    lines.push(`${id.padEnd(17)} ${title.slice(0, 36).padEnd(37)}${cell(truthMedianMs, 8)} `
      + `${pair(clocks.harness)}${pair(clocks.waitFor)}${pair(clocks.stock)}  ${counts}`);
    for (const note of notes) lines.push(`    ! ${note}`);
  }
  const missed = aims.filter((aim) => !aim.met);
  const misses = missed.map(({ id, observed }) => `${id} (${observed ?? 'no value'})`).join(', ');
  lines.push('', missed.length === 0
    ? `✓ all ${aims.length} aims met: within 2 ms at the median, 17 ms at p95, in every case`
    : `✗ ${missed.length} of ${aims.length} aims missed: ${misses}`);
  return lines.join('\n');
}
