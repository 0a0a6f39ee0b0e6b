/** Keeps things in order: a binary heap, as Node has none. `before` says which of two comes out first. */
export class Heap<T> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #all: T[] = [];

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#all.length;
  }

  /** Returns the first without taking it out; undefined of none. */
  peek(): T | undefined {
    return this.#all[0];
  }

  push(one: T): void {
    const all = this.#all;
    let at = all.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#before(one, all[above] as T)) break;
      all[at] = all[above] as T;
      at = above;
    }
    all[at] = one;
  }

  /** Takes the first out and returns it; undefined of none. */
  pop(): T | undefined {
    const all = this.#all;
    const first = all[0];
    const last = all.pop();
    if (all.length === 0 || last === undefined) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= all.length) break;
      if (below + 1 < all.length && this.#before(all[below + 1] as T, all[below] as T)) below += 1;
      if (!this.#before(all[below] as T, last)) break;
      all[at] = all[below] as T;
      at = below;
    }
    all[at] = last;
    return first;
  }
}
