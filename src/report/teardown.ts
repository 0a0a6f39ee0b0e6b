import { heldRows } from '../model/index.ts';
import type { HeldCounts, RunRecord } from '../model/index.ts';
import { count, counted, harmless } from './text.ts';

/** Kinds of rows that a line names; the report's table has all. */
const MOST_KINDS = 5;

/** Returns what became of the data that a run made on its target, in one line; null where nobody need know. */
export function teardownNote({ plan, teardown }: Pick<RunRecord, 'plan' | 'teardown'>): string | null {
  const { embedded } = plan.target;
  if (teardown === undefined) {
    // What the bundled platform held is gone with it.
    if (embedded) return null;
    if (plan.teardown === undefined) return 'teardown: none, so what this run made stays on its target (documentation/teardown.md)';
    return `teardown: not done, so what this run made is still on its target: ${again(plan.runId)}`;
  }
  const { outcome, before, after, message = '' } = teardown;
  const rest = embedded ? 'the rest ended with the bundled platform' : again(plan.runId);
  if (outcome === 'failed' || before === null || after === null) return `teardown: not known to be done: ${harmless(message)}; ${rest}`;
  const [was, is] = [heldRows(before), heldRows(after)];
  // Users who came, and left nothing under the run's id, may have left it under none.
  if (outcome === 'removed' && was === 0) return 'teardown: nothing to remove, the target counts no row of this run (documentation/teardown.md)';
  if (outcome === 'removed') return `teardown: removed ${count(was)} of ${counted(was, 'row')}, 0 left (counted)`;
  return `teardown: ${count(is)} of ${counted(Math.max(was, is), 'row')} left (${heldText(after)}): ${harmless(message)}; ${rest}`;
}

const again = (runId: string): string => `npm run teardown -- ${harmless(runId)}`;

/** Returns the kinds that are there, the most first: `users 12, projects 3`. */
export function heldText(counts: HeldCounts): string {
  const kinds = Object.entries(counts).filter(([, rows]) => rows > 0).toSorted(([, a], [, b]) => b - a);
  const more = kinds.length > MOST_KINDS ? [`${kinds.length - MOST_KINDS} more kinds`] : [];
  return [...kinds.slice(0, MOST_KINDS).map(([name, rows]) => `${harmless(name)} ${count(rows)}`), ...more].join(', ');
}
