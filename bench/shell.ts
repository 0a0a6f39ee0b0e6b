import { cpus, totalmem } from 'node:os';

/** One aim of a benchmark; not measured is null and not met. */
export interface Aim {
  id: string;
  unit: string;
  limit: number;
  observed: number | null;
  n: number;
  met: boolean;
}

export interface Machine {
  cpu: string;
  cores: number;
  memoryBytes: number;
  node: string;
  browser: string;
}

/** Returns what a benchmark says of its machine. */
export function machine(browser: { version: string; source: string }): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
    browser: `${browser.version} (${browser.source})`,
  };
}

/** Returns an aim that is met at or below its limit. */
export function atMost(id: string, unit: string, limit: number, observed: number | null, n: number): Aim {
  return { id, unit, limit, observed, n, met: observed !== null && observed <= limit };
}

/** Returns an aim that is met at or above its limit. */
export function atLeast(id: string, unit: string, limit: number, observed: number | null, n: number): Aim {
  return { id, unit, limit, observed, n, met: observed !== null && observed >= limit };
}

/** Returns a line a person reads about an aim. */
export function aimLine({ id, unit, limit, observed, n, met }: Aim, sign: '≤' | '≥'): string {
  const shown = observed === null ? 'not measured' : `${figure(observed)} ${unit}`;
  return `${met ? '✓' : '✗'} ${id}: ${shown}, aim ${sign} ${limit} ${unit} (n ${n})`;
}

/** Returns a figure with three significant digits, whole from a hundred on; a dash for what is not known. */
export function figure(value: number | null): string {
  if (value === null) return '–';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** Returns rows as a table, the first column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const fit = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(fit).join('   ').trimEnd()).join('\n');
}

/** Returns the p-th percentile (nearest rank); null of nothing. */
export function percentile(values: readonly number[], p: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? null;
}

/**
 * Runs a benchmark and sets the exit code: 0 all aims met, 1 some missed, 3 bad options, 4 the benchmark itself failed.
 * `read` throws on bad options, and `run` returns whether all aims were met.
 */
export async function bench<Options>(
  usage: string,
  read: () => Options,
  run: (options: Options) => Promise<boolean>,
): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(usage);
    return;
  }
  let options: Options;
  try {
    options = read();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exitCode = 3;
    return;
  }
  try {
    process.exitCode = (await run(options)) ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 4;
  }
}

/** Returns an option's whole number. Throws on anything else. */
export function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`--${name} wants a whole number from ${least} to ${most}`);
  }
  return value;
}
