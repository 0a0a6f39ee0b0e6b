import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Fault } from '../errors.ts';
import { isJourney, type AnyJourney } from '../journey.ts';

export interface LoadedJourneys {
  journeys: Map<string, AnyJourney>;
  /** Files that could not be loaded, or that name what another one names already. */
  faults: Fault[];
}

/** Returns every journey of a folder (`*.journey.ts`) by its name. Never throws: a broken file is a fault to report. */
export async function loadJourneys(folder: string): Promise<LoadedJourneys> {
  const journeys = new Map<string, AnyJourney>();
  const faults: Fault[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.journey.ts')).sort()) {
    const where = join(basename(folder), file);
    try {
      const loaded = ((await import(pathToFileURL(join(folder, file)).href)) as { default?: unknown }).default;
      if (!isJourney(loaded)) faults.push({ where, message: 'the default export is no journey', hint: 'export default defineJourney({ … })' });
      else if (journeys.has(loaded.name)) faults.push({ where, message: `another file has a journey named "${loaded.name}" too` });
      else journeys.set(loaded.name, loaded);
    } catch (error) {
      // A file may throw anything, also what is no error.
      const message = error instanceof Error ? error.message : String(error);
      faults.push({ where, message: message.split('\n')[0] ?? message });
    }
  }
  return { journeys, faults };
}
