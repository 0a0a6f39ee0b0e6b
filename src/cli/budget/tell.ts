import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorBudget } from '../../model/index.ts';
import { channelsOf, type Outputs } from './channels.ts';
import { nextAlerts, readState, writeState } from './state.ts';
import type { SentAlert } from './types.ts';

export interface Telling extends Outputs {
  /** The folder of checks, which keeps what each channel was told. */
  folder: string;
  target: string;
  nowEpochMs: number;
  budgets: readonly ErrorBudget[];
}

/**
 * Tells every channel what began and what ended since it was last told. What it must be told is written down before, and struck
 * out after: a process that dies in between tells it again, rather than never. Never throws.
 */
export async function tellAlerts(
  { folder, target, nowEpochMs, budgets, ...outputs }: Telling,
): Promise<{ sent: SentAlert[]; faults: string[] }> {
  const path = join(folder, 'alerts.json');
  const sent: SentAlert[] = [];
  const { state, fault } = await readState(path);
  const faults = fault === null ? [] : [fault];
  const save = async (): Promise<void> => {
    try {
      await mkdir(folder, { recursive: true });
      await writeState(path, state);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      faults.push(`checks/alerts.json cannot be written (${code}), so alerts may be told of twice`);
    }
  };
  const channels = channelsOf(outputs);
  const alerts = nextAlerts(state.targets[target], budgets, channels.map(({ name }) => name), nowEpochMs);
  state.targets[target] = alerts;
  await save();
  for (const channel of channels) {
    const { name } = channel;
    const told = alerts.channels[name];
    if (!told || told.pending.length === 0) continue;
    try {
      await channel.send({ target, nowEpochMs, events: told.pending, budgets });
      sent.push(...told.pending.map(({ event, alert }) => ({ channel: name, event, alert })));
      told.pending = [];
    } catch (error) {
      faults.push(`alerts could not be sent to the ${name}, and will be in the next round: ${(error as Error).message}`);
    }
  }
  if (sent.length > 0) await save();
  return { sent, faults };
}
