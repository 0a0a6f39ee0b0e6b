import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { cpuLimitCores } from '../collect/system.ts';
import { harnessVersion, memoryLimit } from './environment.ts';

/** What must be the same for a stored figure to hold. */
export const Fingerprint = z.strictObject({
  harnessVersion: z.string(),
  os: z.string(),
  cpuModel: z.string(),
  cores: z.number().int().positive(),
  /** Processors that the cgroup may use; null without a limit. */
  cpuLimitCores: z.number().positive().nullable(),
  memoryGib: z.number().int().nonnegative(),
  browserVersion: z.string(),
  crowdPriority: z.string(),
});
export type Fingerprint = z.infer<typeof Fingerprint>;

/** What `npm run doctor -- --calibrate` found out about this machine. */
export const Calibration = z.strictObject({
  version: z.literal(1),
  fingerprint: Fingerprint,
  measuredAt: z.string(),
  /** Median of a canary click on the idle machine. */
  observerIdleMs: z.number().positive(),
  crowdIdleMs: z.number().positive(),
  /** The most that left the observers undisturbed; null where it was not measured. */
  journeysPerSecond: z.number().positive().nullable(),
  concurrentUsers: z.number().int().positive().nullable(),
  /** Requests a second of one thread of the API lane; null where it was not measured. */
  apiPerSecond: z.number().positive().nullable().default(null),
});
export type Calibration = z.infer<typeof Calibration>;

/**
 * An idle click cannot be faster than the canary server's 50 ms; on an idle machine it takes three or four frames more at
 * most. What lies outside was measured on something else than an idle machine.
 */
const PLAUSIBLE_IDLE_MS = { least: 50, most: 130 };

/** Returns whether a canary's median can be that of an idle machine. */
export function isPlausibleIdle(idleMs: number | null): idleMs is number {
  return idleMs !== null && idleMs >= PLAUSIBLE_IDLE_MS.least && idleMs <= PLAUSIBLE_IDLE_MS.most;
}

/** Returns what this machine is, as far as it bears on how fast things go. */
export function fingerprint(browserVersion: string, crowdPriority: string): Fingerprint {
  const bytes = Math.min(totalmem(), memoryLimit() ?? Infinity);
  return {
    harnessVersion: harnessVersion(),
    os: `${type()} ${release()} ${arch()}`,
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cores: Math.max(1, cpus().length),
    cpuLimitCores: cpuLimitCores('/'),
    memoryGib: Math.round(bytes / 1024 ** 3),
    browserVersion,
    crowdPriority,
  };
}

/** Returns where the calibration of a checkout lies. */
export function calibrationFile(root: string): string {
  return join(root, 'node_modules/.cache/openshow-journeys/calibration.json');
}

/** Returns the stored calibration if it is of this very machine and plausible; null otherwise. */
export function readCalibration(root: string, machine: Fingerprint): Calibration | null {
  let stored: unknown;
  try {
    stored = JSON.parse(readFileSync(calibrationFile(root), 'utf8'));
  } catch {
    return null;
  }
  const parsed = Calibration.safeParse(stored);
  if (!parsed.success) return null;
  const { data } = parsed;
  const same = Object.keys(Fingerprint.shape).every((key) => data.fingerprint[key as keyof Fingerprint] === machine[key as keyof Fingerprint]);
  return same && isPlausibleIdle(data.observerIdleMs) && isPlausibleIdle(data.crowdIdleMs) ? data : null;
}

/** Stores a calibration in place of the one before. Throws what the file system throws. */
export function writeCalibration(root: string, calibration: Calibration): void {
  const file = calibrationFile(root);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(Calibration.parse(calibration), null, 2)}\n`);
}
