import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Recorder } from '../src/collect/recorder.ts';
import type { CanaryServer } from '../src/drive/canary.ts';
import { removeCrowdCgroup } from '../src/drive/crowd-cgroup.ts';
import { endLeftovers } from '../src/drive/launcher.ts';
import type { RunningPlatform } from '../src/drive/platform.ts';
import type { RunLock } from '../src/drive/run-folder.ts';
import type { Outlets } from '../src/report/reporter.ts';
import type { AuditKeys } from './audit.ts';
import type { RunDrills } from './drills.ts';
import type { RunTeardown } from './teardown.ts';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What the main thread started or holds for a run, each null until it is there: one place that knows how to let go of it. */
export class RunParts {
  runDir: string | null = null;
  platform: RunningPlatform | null = null;
  canary: CanaryServer | null = null;
  lock: RunLock | null = null;
  recorder: Recorder | null = null;
  auditKeys: AuditKeys | null = null;
  drills: RunDrills | null = null;
  teardown: RunTeardown | null = null;
  outlets: Outlets | null = null;

  /** Ends what runs; the lock stays until the caller is done. */
  async stop(): Promise<void> {
    // Before what it works on is gone.
    await this.drills?.end();
    await Promise.all([this.platform?.stop(), this.canary?.stop()]);
    removeCrowdCgroup();
  }

  /** For the process's own exit, where nothing can be awaited. */
  dropNow(): void {
    this.recorder?.flush();
    this.platform?.killNow();
    this.canary?.killNow();
    if (this.runDir) endLeftovers(join(this.runDir, 'browsers'));
    this.lock?.release();
  }
}
