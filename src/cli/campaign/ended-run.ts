import { join } from 'node:path';
import type { Campaign, CampaignRun, CurrentRun, GateFigures, RunOutcome } from '../../model/campaign.ts';
import { NOTHING_KEPT, readRun } from './evidence.ts';
import type { Kept, ReadRun } from './evidence.ts';

interface HowItEnded {
  exitCode: number | null;
  endedAt: Date;
  /** The campaign's. */
  folder: string;
  campaign: Campaign;
}

/** Returns what a run came to, from its exit code (null: not known) and what it left in its folder. */
export function endedRun(
  { pid: _pid, born: _born, ...current }: CurrentRun,
  { exitCode, endedAt, folder, campaign }: HowItEnded,
): CampaignRun {
  const read = readRun(join(folder, current.runId));
  const outcome = outcomeOf(exitCode, read);
  // What a refused or lost run has in its folder is of another time, or not whole.
  const whole = read === null || outcome === 'refused' || outcome === 'lost' ? NOTHING_KEPT : read.kept;
  const kept = current.shortenedBy === null ? whole : atScale(whole, campaign);
  return {
    ...current,
    ...kept,
    decision: outcome === 'completed' ? kept.decision : null,
    reason: outcome === 'completed' ? kept.reason : OUTCOME_WORDS[outcome],
    endedAt: endedAt.toISOString(),
    exitCode,
    outcome,
    superseded: false,
  };
}

/** Gates that a short run can only fail are unsettled in one, and no ground for a NO-GO. */
function atScale(kept: Kept, { only_whole: onlyWhole }: Campaign): Kept {
  const gates = kept.gates.map((gate): GateFigures => {
    const why = onlyWhole[gate.id];
    if (why === undefined || gate.status !== 'fail') return gate;
    return { ...gate, status: 'inconclusive', hint: `not judged in a compressed run: ${why}` };
  });
  if (kept.decision !== 'NO-GO' || gates.some((gate) => gate.status === 'fail')) return { ...kept, gates };
  return { ...kept, gates, decision: 'INCONCLUSIVE', reason: 'What failed is not judged in a compressed run.' };
}

const OUTCOME_WORDS: Record<Exclude<RunOutcome, 'completed'>, string> = {
  interrupted: 'it was interrupted',
  fault: 'the harness itself failed: no statement about the target',
  refused: 'it was refused before its first user',
  lost: 'it was killed before its end',
};

/**
 * The run's own record decides, where it has one: its exit code may also tell of a report that could not be written.
 */
function outcomeOf(exitCode: number | null, read: ReadRun | null): RunOutcome {
  if (exitCode === 3) return 'refused';
  if (read?.ended === 'completed') return 'completed';
  if (read?.ended === 'interrupted') return 'interrupted';
  if (exitCode === 130) return 'interrupted';
  return exitCode === null ? 'lost' : 'fault';
}
