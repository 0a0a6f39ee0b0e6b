import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RunRecord } from '../../model/index.ts';
import { measuresOf, targetOf, type Measure } from '../../report/measures.ts';

/** What is known of a run folder without reading its record again. */
interface Known {
  mtimeMs: number;
  /** Profile and target; null for a record that cannot be read. */
  key: string | null;
  startedAtEpochMs: number;
  /** Kept of the newest run of its key alone. */
  measures: Measure[] | null;
}

/** The newest run of each profile and target, read anew where a record has changed. */
export class NewestRuns {
  readonly #reports: string;
  readonly #known = new Map<string, Known>();

  constructor(reports: string) {
    this.#reports = reports;
  }

  /** Returns the figures of the newest runs, and how many records cannot be read. No folder: no runs. */
  async read(): Promise<{ measures: Measure[]; unreadable: number }> {
    const entries = await readdir(this.#reports, { withFileTypes: true }).catch(() => []);
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    for (const name of this.#known.keys()) if (!names.includes(name)) this.#known.delete(name);
    for (const name of names) await this.#look(name);
    const newest = new Map<string, [name: string, known: Known]>();
    for (const [name, known] of this.#known) {
      if (known.key === null) continue;
      const [, best] = newest.get(known.key) ?? [];
      if (best === undefined || known.startedAtEpochMs > best.startedAtEpochMs) newest.set(known.key, [name, known]);
    }
    const measures: Measure[] = [];
    const kept = new Set<Known>();
    for (const [name, known] of newest.values()) {
      kept.add(known);
      known.measures ??= await this.#measures(name);
      measures.push(...known.measures);
    }
    for (const known of this.#known.values()) if (!kept.has(known)) known.measures = null;
    return { measures, unreadable: [...this.#known.values()].filter(({ key }) => key === null).length };
  }

  async #look(name: string): Promise<void> {
    const found = await stat(this.#path(name)).catch(() => null);
    if (found === null) return void this.#known.delete(name);
    if (this.#known.get(name)?.mtimeMs === found.mtimeMs) return;
    const record = await this.#record(name);
    this.#known.set(name, {
      mtimeMs: found.mtimeMs,
      key: record === null ? null : JSON.stringify([record.plan.profile, targetOf(record)]),
      startedAtEpochMs: record?.plan.startedAtEpochMs ?? 0,
      measures: record === null ? null : measuresOf(record),
    });
  }

  async #measures(name: string): Promise<Measure[]> {
    const record = await this.#record(name);
    return record === null ? [] : measuresOf(record);
  }

  async #record(name: string): Promise<RunRecord | null> {
    try {
      return RunRecord.parse(JSON.parse(await readFile(this.#path(name), 'utf8')));
    } catch {
      return null;
    }
  }

  #path(name: string): string {
    return join(this.#reports, name, 'record.json');
  }
}
