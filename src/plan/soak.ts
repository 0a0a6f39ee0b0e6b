import { toSeconds } from './script.ts';

/** The phase whose length SOAK_DURATION gives. */
const SOAK = 'soak';

/**
 * Returns the phases, in Artillery's own form, with the one named "soak" of another length at the same rate. What is no list
 * of phases is returned as it is: the reader of the script tells its faults.
 */
export function withSoakDuration(phases: unknown, durationS: number | undefined): unknown {
  if (durationS === undefined || !Array.isArray(phases)) return phases;
  return phases.map((phase: Record<string, unknown> | null) => {
    if (phase?.name !== SOAK) return phase;
    const key = phase.pause === undefined ? 'duration' : 'pause';
    const beforeS = toSeconds(phase[key]);
    if (beforeS === null || beforeS <= 0) return phase;
    const count = Number(phase.arrivalCount);
    const counted = phase.arrivalCount === undefined ? {} : { arrivalCount: Math.max(1, Math.round((count * durationS) / beforeS)) };
    return { ...phase, [key]: durationS, ...counted };
  });
}
