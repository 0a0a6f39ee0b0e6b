import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { isOver } from '../../analyze/burn/alerts.ts';
import { BudgetAlert, type ErrorBudget } from '../../model/index.ts';
import { writeWhole } from '../../report/write-file.ts';

export const CHANNELS = ['terminal', 'github', 'webhook'] as const;
export type ChannelName = (typeof CHANNELS)[number];

const Active = z.strictObject({ alert: BudgetAlert, sinceEpochMs: z.number() });
type Active = z.infer<typeof Active>;

/** An alert that began or ended, as a channel is told of it. */
const AlertEvent = z.strictObject({
  event: z.enum(['began', 'ended']),
  alert: BudgetAlert,
  sinceEpochMs: z.number(),
  /** When it began or ended, as far as a round could see. */
  atEpochMs: z.number(),
});
export type AlertEvent = z.infer<typeof AlertEvent>;

/** What one channel knows by id, and what it must still be told. */
const Told = z.strictObject({ ids: z.array(z.string()), pending: z.array(AlertEvent) });

/** The alerts of one target. */
const TargetAlerts = z.strictObject({ active: z.array(Active), channels: z.partialRecord(z.enum(CHANNELS), Told) });
export type TargetAlerts = z.infer<typeof TargetAlerts>;

const AlertState = z.strictObject({ v: z.literal(1), targets: z.record(z.string(), TargetAlerts) });
export type AlertState = z.infer<typeof AlertState>;

/** A webhook that is never answered must not let the file grow for ever; older events are of no use by then. */
const MOST_PENDING = 200;
const NOTHING: TargetAlerts = { active: [], channels: {} };

/**
 * Returns the alerts of a target after a round: those of the budgets, and older ones whose figure is unknown now. Each channel has
 * to be told once of what began and of what ended since it was told last; one that is new hears of all that is on. For one that was
 * told before and is not there now, the events wait.
 */
export function nextAlerts(
  before: TargetAlerts = NOTHING, budgets: readonly ErrorBudget[], channels: readonly ChannelName[], nowEpochMs: number,
): TargetAlerts {
  const since = new Map(before.active.map(({ alert, sinceEpochMs }) => [alert.id, sinceEpochMs]));
  const current = budgets.flatMap(({ alerts }) => alerts)
    .map((alert) => ({ alert, sinceEpochMs: since.get(alert.id) ?? nowEpochMs }));
  const ids = new Set(current.map(({ alert }) => alert.id));
  const active = [...current, ...before.active.filter(({ alert: { id } }) => !ids.has(id) && !isOver(id, budgets))];
  const activeIds = active.map(({ alert }) => alert.id);
  // Another command, with other settings, may be the next one to have a channel that this one does not: what it was told holds.
  const names = CHANNELS.filter((name) => channels.includes(name) || before.channels[name] !== undefined);
  const entries = names.map((name) => {
    const { ids: told, pending } = before.channels[name] ?? { ids: [], pending: [] };
    const began = active.filter(({ alert }) => !told.includes(alert.id));
    const ended = before.active.filter(({ alert: { id } }) => told.includes(id) && !activeIds.includes(id));
    const events = [...began.map(eventOf('began', nowEpochMs)), ...ended.map(eventOf('ended', nowEpochMs))];
    return [name, { ids: activeIds, pending: [...pending, ...events].slice(-MOST_PENDING) }];
  });
  return { active, channels: Object.fromEntries(entries) as TargetAlerts['channels'] };
}

function eventOf(event: AlertEvent['event'], atEpochMs: number): (one: Active) => AlertEvent {
  return (one) => ({ event, ...one, atEpochMs });
}

/** Returns the state as it was written, or an empty one and why. */
export async function readState(path: string): Promise<{ state: AlertState; fault: string | null }> {
  const empty: AlertState = { v: 1, targets: {} };
  try {
    return { state: AlertState.parse(JSON.parse(await readFile(path, 'utf8'))), fault: null };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: empty, fault: null };
    return { state: empty, fault: 'checks/alerts.json cannot be read, so alerts that go on are told of once more' };
  }
}

/** Writes the state whole, or throws. */
export async function writeState(path: string, state: AlertState): Promise<void> {
  await writeWhole(path, `${JSON.stringify(state, null, 2)}\n`);
}
