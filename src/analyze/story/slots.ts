import { MOST_SLOTS } from '../../model/index.ts';
import type { Panel, Track } from '../../model/index.ts';

/** Lengths that people read off an axis. Each is a multiple of the one before, so that slots can be put together. */
const LENGTHS_S = [5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];
const SHORTEST_MS = 5_000;

function longer(slotMs: number): number {
  const seconds = LENGTHS_S.find((one) => one * 1_000 > slotMs);
  return seconds === undefined ? 2 * slotMs : seconds * 1_000;
}

/** Returns the shortest length in ms, of `leastMs` at least, at which MOST_SLOTS hold everything up to a time. */
export function slotLength(lastMs: number, leastMs = 0): number {
  let slotMs = SHORTEST_MS;
  while (slotMs < leastMs || Math.floor(lastMs / slotMs) >= MOST_SLOTS) slotMs = longer(slotMs);
  return slotMs;
}

/** The time axis of a finished run. */
export interface Grid {
  slotMs: number;
  slots: number;
  /** Whether anything at all was observed in a slot: where nothing is known, a count is unknown and not zero. */
  seen: (index: number) => boolean;
  /** How much of a slot belongs to the run; the last one ends with it. */
  coveredMs: (index: number) => number;
}

/** Less than this at the end of a run is too little to divide by. */
const LEAST_COVERED_MS = 1_000;

/** Returns the axis of a run that ended at `lastMs`; null for one of which nothing was observed. */
export function gridOf(lastMs: number | null, seen: Slots<object>): Grid {
  const slotMs = slotLength(lastMs ?? 0);
  const grid: Grid = {
    slotMs,
    slots: lastMs === null ? 0 : Math.floor(lastMs / slotMs) + 1,
    seen: () => true,
    coveredMs: (index) => Math.max(LEAST_COVERED_MS, Math.min(slotMs, (lastMs ?? 0) - index * slotMs)),
  };
  const known = seen.settle(grid);
  return { ...grid, seen: (index) => known[index] !== undefined };
}

/**
 * What is gathered for each slot of a run whose length is not known yet: slots begin short, and are put together as
 * the run turns out longer. So there are never more than MOST_SLOTS, and what they hold depends on the set of
 * observations alone.
 */
export class Slots<T extends object> {
  readonly #make: () => T;
  readonly #merge: (into: T, from: T) => void;
  #slotMs: number;
  #slots = new Map<number, T>();

  /** `leastMs`: slots shorter than what is put into them would be empty now and then. */
  constructor(make: () => T, merge: (into: T, from: T) => void, leastMs = 0) {
    this.#make = make;
    this.#merge = merge;
    this.#slotMs = slotLength(0, leastMs);
  }

  /** Returns the slot of a time, to add to at once. */
  at(tMs: number): T {
    this.#reach(tMs);
    return this.#slot(Math.floor(tMs / this.#slotMs));
  }

  /** Hands out the slots that a stretch of time touches, each with its part in whole ms, so that sums are exact. */
  spread(fromMs: number, toMs: number, take: (slot: T, ms: number) => void): void {
    const [from, to] = [Math.round(fromMs), Math.round(toMs)];
    this.#reach(to);
    for (let index = Math.floor(from / this.#slotMs); index * this.#slotMs < to; index += 1) {
      take(this.#slot(index), Math.min(to, (index + 1) * this.#slotMs) - Math.max(from, index * this.#slotMs));
    }
  }

  /**
   * Returns one entry a slot of the axis, undefined where nothing was added. Slots longer than the axis has are
   * repeated.
   */
  settle({ slotMs, slots }: Grid): (T | undefined)[] {
    while (this.#slotMs < slotMs) this.#coarsen();
    const at = (index: number): number => Math.floor(((index + 0.5) * slotMs) / this.#slotMs);
    return Array.from({ length: slots }, (_, index) => this.#slots.get(at(index)));
  }

  #slot(index: number): T {
    const found = this.#slots.get(index);
    if (found) return found;
    const made = this.#make();
    this.#slots.set(index, made);
    return made;
  }

  #reach(tMs: number): void {
    while (Math.floor(tMs / this.#slotMs) >= MOST_SLOTS) this.#coarsen();
  }

  #coarsen(): void {
    const before = this.#slots;
    const ratio = longer(this.#slotMs) / this.#slotMs;
    this.#slotMs *= ratio;
    this.#slots = new Map();
    for (const [index, slot] of before) this.#merge(this.#slot(Math.floor(index / ratio)), slot);
  }
}

/** Returns four digits: more than a chart shows, and no machine's last bit may change a story. */
export function tidy(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(4));
}

/** Returns a track of settled slots; null where none has a value. `n`: samples behind a value, null for readings. */
export function trackOf<T extends object>(
  { id, title }: { id: string; title: string }, slots: readonly (T | undefined)[],
  value: (slot: T, index: number) => number | null, n: ((slot: T) => number) | null,
): Track | null {
  const values = slots.map((slot, index) => (slot === undefined ? null : tidy(value(slot, index))));
  if (values.every((one) => one === null)) return null;
  return { id, title, values, n: n === null ? null : slots.map((slot) => (slot === undefined ? 0 : n(slot))) };
}

/** Returns the panel of the tracks that have values, or nothing where none has. */
export function panelOf(
  panel: Omit<Panel, 'tracks' | 'kpi'> & { kpi?: string }, tracks: readonly (Track | null)[],
): Panel[] {
  const known = tracks.flatMap((track) => track ?? []);
  return known.length === 0 ? [] : [{ kpi: null, ...panel, tracks: known }];
}
