import type { Track } from '../../model/index.ts';
import { Slots, trackOf } from './slots.ts';
import type { Grid } from './slots.ts';

interface Mean {
  sum: number;
  n: number;
}

/** Readings by slot, shown as means. Their order changes a sum in its last bit only, which `tidy` takes away. */
export class MeanSlots {
  readonly #everyMs: number;
  readonly #slots: Slots<Mean>;

  /** `everyMs`: how often a reading is taken. */
  constructor(everyMs = 0) {
    this.#everyMs = everyMs;
    this.#slots = new Slots<Mean>(() => ({ sum: 0, n: 0 }), (into, from) => {
      into.sum += from.sum;
      into.n += from.n;
    }, everyMs);
  }

  /** Adds a reading; null for one that gave no value. */
  add(tMs: number, value: number | null): void {
    const mean = this.#slots.at(tMs);
    if (value === null) return;
    mean.sum += value;
    mean.n += 1;
  }

  track(grid: Grid, named: { id: string; title: string }): Track | null {
    const slots = this.#slots.settle(grid);
    // A reading that came a moment late leaves its slot empty, and two in the next one: the one before holds until then.
    const back = Math.max(1, Math.ceil(this.#everyMs / grid.slotMs));
    const held = grid.slotMs <= 1.5 * this.#everyMs ? slots.map((slot, index) => slot ?? slots[index - back]) : slots;
    return trackOf(named, held, ({ sum, n }) => (n === 0 ? null : sum / n), null);
  }
}
