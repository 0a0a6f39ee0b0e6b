import type { Finding } from '../model/index.ts';

/** A figure that the analysis works out as a whole: a headroom, a recovery time, a drift, a KPI, a cost. */
export interface Scalar {
  /** Its value is null where there is none; an interval where it has one. */
  finding: Finding;
  /** Why nothing, or nothing sure, can be said; null where the value stands. */
  doubt: string | null;
  /** What it rests on, as plain sentences. */
  evidence: string[];
  /** What would settle it where its interval does not, in one sentence. */
  hint?: string;
}
