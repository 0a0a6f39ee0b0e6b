import { count, harmless } from '../../report/text.ts';
import { visits } from '../../replay/generate/visits.ts';
import { combinedLineOf, rowOf, syntheticHeader } from '../../replay/generate/write.ts';
import { LineFile } from '../../replay/write.ts';
import type { GenerateArguments } from './arguments.ts';
import type { ReplaySurroundings } from './command.ts';
import { INTERRUPTED, isFixture, outPath, refuseToDestroy, shownPath } from './output.ts';

/** A Monday morning; fixtures know no date, logs must have one. */
const LOG_BEGINS_EPOCH_MS = Date.UTC(2026, 0, 5, 9);

/** Writes synthetic traffic, as a fixture or as a log, and returns the exit code. Throws coded errors. */
export async function generate(asked: GenerateArguments, around: ReplaySurroundings): Promise<number> {
  const { minutes, requests, seed, as, out } = asked;
  const fixture = as === 'fixture';
  const path = outPath(out, fixture ? 'synthetic.ndjson.gz' : 'synthetic.log.gz', around);
  await refuseToDestroy(path, [], fixture ? isFixture : () => false);
  const file = await LineFile.create(path, fixture || path.endsWith('.gz'));
  let written = 0;
  try {
    let [firstMs, lastMs] = [0, 0];
    for (const visit of visits({ requests, durationMs: minutes * 60_000, seed })) {
      if (written === 0) firstMs = visit.tMs;
      const line = fixture ? JSON.stringify(rowOf(visit, seed, firstMs)) : combinedLineOf(visit, LOG_BEGINS_EPOCH_MS);
      lastMs = visit.tMs;
      written += 1;
      if (!file.add(line)) continue;
      await file.drained();
      if (around.interrupted.aborted) return INTERRUPTED;
    }
    await file.finish(fixture ? syntheticHeader(written, Math.round(lastMs - firstMs)) : undefined);
  } finally {
    await file.discard();
  }
  const shown = harmless(shownPath(path));
  around.out(` wrote  ${shown}: ${count(written)} requests in ${minutes} min, synthetic, seed ${seed}\n`);
  around.out(` next   npm run replay -- ${fixture ? 'show' : 'import'} ${shown}\n`);
  return 0;
}
