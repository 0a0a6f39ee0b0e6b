import { readTraffic } from '../../plan/replay-traffic.ts';
import { TrafficCounts } from '../../replay/summary.ts';
import type { ReplaySurroundings } from './command.ts';
import { summaryLines } from './lines.ts';

/** Tells what is in a fixture, and returns the exit code. Throws J_TRAFFIC_INVALID. */
export function show(fixture: string, { out, columns }: ReplaySurroundings): number {
  const counts = new TrafficCounts();
  const { header } = readTraffic(fixture, (row) => {
    counts.add(row);
    return true;
  });
  out(`${summaryLines(fixture, counts.summary(header), columns).join('\n')}\n`);
  return 0;
}
