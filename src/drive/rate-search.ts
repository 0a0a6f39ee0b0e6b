export interface RateSearch {
  startPerSecond: number;
  maxPerSecond: number;
  /** Tries after the first that did not hold. */
  refinements: number;
  /** How often a rate may fail before it counts as too high: a trial may have met a disturbance from outside. */
  chances: number;
}

export interface RateTrial {
  ratePerSecond: number;
  held: boolean;
}

export interface FoundRate {
  /** The highest rate that held; null when not even the lowest tried did. */
  bestPerSecond: number | null;
  /** True when the highest rate allowed held, so that the machine's end was not seen. */
  unbounded: boolean;
  trials: RateTrial[];
}

type Holds = (ratePerSecond: number) => Promise<boolean>;

/**
 * Returns the highest rate that holds: doubles from the start until one does not (or halves, if the first does not),
 * then halves the gap. `holds` tries a rate.
 */
export async function searchRate(search: RateSearch, holds: Holds): Promise<FoundRate> {
  const trials: RateTrial[] = [];
  const attempt = async (ratePerSecond: number): Promise<boolean> => {
    let held = false;
    for (let chance = 0; chance < search.chances && !held; chance += 1) {
      held = await holds(ratePerSecond);
      trials.push({ ratePerSecond, held });
    }
    return held;
  };

  let good: number | null = null;
  let bad: number | null = null;
  let rate = Math.min(search.startPerSecond, search.maxPerSecond);
  for (;;) {
    if (await attempt(rate)) {
      good = rate;
      if (bad !== null) break;
      if (rate >= search.maxPerSecond) return { bestPerSecond: good, unbounded: true, trials };
      rate = Math.min(2 * rate, search.maxPerSecond);
    } else {
      bad = rate;
      if (good !== null || rate < search.startPerSecond / 8) break;
      rate /= 2;
    }
  }
  if (good === null) return { bestPerSecond: null, unbounded: false, trials };
  for (let i = 0; i < search.refinements; i += 1) {
    const middle: number = (good + bad) / 2;
    if (await attempt(middle)) good = middle;
    else bad = middle;
  }
  return { bestPerSecond: good, unbounded: false, trials };
}
