import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCalibration, type Fingerprint } from '../src/drive/calibration.ts';
import { probePriority } from '../src/drive/launcher.ts';
import { CodedError } from '../src/errors.ts';
import type { Plan } from '../src/model/index.ts';
import { askedLoad, checkCapacity } from '../src/plan/capacity.ts';
import { say } from './artillery-global.ts';

/** Returns which priority the crowd gets; tried in a folder of its own, so that a refused plan leaves no run folder. */
export async function crowdPriority(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-priority-'));
  try {
    return await probePriority(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface How {
  /** The checkout, with its stored calibration. */
  root: string;
  /** The file that a person would change. */
  where: string;
  force: boolean;
}

/**
 * Says how a plan stands to what this machine was found to make. Throws J_OVER_CAPACITY where it asks for far more;
 * where that is forced, returns the mark for the plan.
 */
export function refuseOverCapacity(
  draft: Pick<Plan, 'phases' | 'settings' | 'api' | 'replay'>,
  machine: Fingerprint,
  how: How,
): Pick<Plan, 'forced'> {
  const { state, text } = checkCapacity(askedLoad(draft), readCalibration(how.root, machine));
  if (state === 'unknown') say('capacity unknown: this machine is not calibrated (npm run doctor -- --calibrate)');
  if (state === 'over') say(`capacity the plan ${text}: it may distort what it measures`);
  if (state !== 'far-over') return {};
  if (!how.force) throw new CodedError('J_OVER_CAPACITY', [{ where: how.where, message: `the plan ${text}` }]);
  say(`capacity the plan ${text}: forced`);
  return { forced: text };
}
