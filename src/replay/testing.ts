import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TrafficRow } from '../model/index.ts';
import { importLogs, type ImportOptions, type Imported } from './import/import.ts';
import { parseKeep, type Keep } from './import/paths.ts';

/** Gives a folder that is gone afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'replay-test-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function keeps(...patterns: string[]): Keep[] {
  return patterns.map((pattern) => parseKeep(pattern) as Keep);
}

export interface TestImport {
  imported: Imported;
  rows: TrafficRow[];
  /** All rows as they would be written. */
  text: string;
}

/** A key like any other. */
export const KEY = Buffer.alloc(32, 'k');
/** In 2026, after all times in the tests. */
export const NOW_MS = Date.UTC(2026, 5, 1);

/** Imports files, each with its content, in the order given. */
export async function importFiles(
  contents: Record<string, string | Buffer>, options: Partial<ImportOptions> = {},
): Promise<TestImport> {
  return withFolder(async (folder) => {
    const files = [];
    for (const [name, content] of Object.entries(contents)) {
      const path = join(folder, name);
      await writeFile(path, content);
      files.push({ path, name: basename(path), bytes: (await stat(path)).size });
    }
    const { imported, lines } = importLogs({
      files, format: 'auto', keeps: [], terms: new Set(), key: KEY, nowMs: NOW_MS, onBytes: () => {}, ...options,
    });
    const all: string[] = [];
    for await (const batch of lines) all.push(...batch);
    return { imported, rows: all.map((line) => JSON.parse(line) as TrafficRow), text: all.join('\n') };
  });
}

/** Every line is a row, left out for a reason, or says something that is no request. */
export function accountedFor({ imported: { tally, requests } }: TestImport): number {
  return requests + tally.others + tally.leftOut.reduce((sum, { count }) => sum + count, 0);
}
