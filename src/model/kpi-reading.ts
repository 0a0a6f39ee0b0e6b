/**
 * What collects KPIs and what judges them agree on these words, which stand in a `server` observation's `missing`.
 * The first two are no fault of an exporter: such a reading counts neither as a value nor as a missing one.
 */

/** A rate is what changed since the scrape before: the first one has none. */
export const NEEDS_TWO = 'needs two scrapes';
/** A share, or a quantile, of nothing. */
export const NOTHING_HAPPENED = 'nothing happened';
/** Beside a value that is a lower bound only: all that is known of a quantile above its histogram's highest edge. */
export const AT_LEAST = 'at least this: it lies above the highest edge of its histogram';
