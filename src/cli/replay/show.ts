import { readTraffic } from '../../replay/read.ts';
import { summarise } from '../../replay/summary.ts';
import type { ReplaySurroundings } from './command.ts';
import { summaryLines } from './lines.ts';

/** Tells what is in a fixture, and returns the exit code. Throws J_TRAFFIC_INVALID. */
export async function show(fixture: string, { out, columns }: ReplaySurroundings): Promise<number> {
  const { header, rows } = await readTraffic(fixture);
  out(`${summaryLines(fixture, await summarise(header, rows), columns).join('\n')}\n`);
  return 0;
}
