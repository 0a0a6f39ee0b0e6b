import type { Db } from './db.ts';

/** What can be switched while the platform runs. Everything is on unless it was switched off. */
export const FLAGS = {
  'payment-fallback': 'payments are confirmed later while the provider does not answer; off: they are refused with 503',
  'brief-fallback': 'a cached brief or an outline while the model does not answer; off: the task fails',
  'upload-later': 'listing files are kept and uploaded later while storage does not answer; off: refused with 503',
  'page-cache': 'workers keep search results, pages and parts of pages; off: each is made anew',
  'replica-reads': 'searches of the marketplace go to the read replica; off: to the primary',
} as const;

export type FlagName = keyof typeof FLAGS;
export type Flags = ReturnType<typeof createFlags>;

/** How long a process may go on with what it last read. */
const FRESH_MS = 1000;

export const isFlag = (name: string): name is FlagName => Object.hasOwn(FLAGS, name);

/** The flags as this process knows them: in the database, read anew after a second. */
export function createFlags(db: Db) {
  let switched = new Map<string, boolean>();
  let readMs = -Infinity;

  function read(): void {
    readMs = performance.now();
    const rows = db.all<{ name: string; enabled: number }>('flags.all', 'SELECT name, enabled FROM flags');
    switched = new Map(rows.map(({ name, enabled }) => [name, enabled === 1]));
  }

  function isEnabled(name: FlagName): boolean {
    if (performance.now() - readMs >= FRESH_MS) read();
    return switched.get(name) ?? true;
  }

  return {
    isEnabled,
    /** All of them as they are stored now. */
    all(): Record<string, { enabled: boolean; help: string }> {
      read();
      const names = Object.keys(FLAGS) as FlagName[];
      return Object.fromEntries(names.map((name) => [name, { enabled: isEnabled(name), help: FLAGS[name] }]));
    },
    /** Switches one for all processes: here at once, elsewhere within a second. */
    set(name: FlagName, enabled: boolean): void {
      db.run('flags.set', `INSERT INTO flags VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET enabled = excluded.enabled, changed_ms = excluded.changed_ms`,
        name, enabled ? 1 : 0, Date.now());
      read();
    },
  };
}
