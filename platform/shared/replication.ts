// What the primary and the read replica say to each other.

/** The tables that the replica copies; each has an integer `id`. */
export const REPLICATED = ['creators', 'listings'] as const;
export type Source = (typeof REPLICATED)[number];

/** One row as it is now; `seq` is its place in the order of commits. */
export interface Change {
  seq: number;
  source: Source;
  id: number;
  /** Null for a row that was removed. */
  row: Record<string, string | number | null> | null;
}
/** Sent to `POST /changes` of the replica. It takes them only where it stands at `after`. */
export interface ChangeBatch {
  after: number;
  changes: Change[];
  /** The primary's clock when it read these, if nothing more is to come after them: the copy is complete as of then. */
  asOfMs: number | null;
}
/** Where the replica stands. */
export interface ReplicaPosition {
  at: number;
}

/** Of an answer of the replica: the time of the primary as of which its copy is complete. */
export const AS_OF_HEADER = 'x-replica-as-of';
