/** Which pages anybody has asked for in this run, in memory that the threads of people and crawlers share. */
export class AskedPages {
  readonly memory: SharedArrayBuffer;
  readonly #asked: Uint8Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#asked = new Uint8Array(memory);
  }

  static of(pages: number): AskedPages {
    return new AskedPages(new SharedArrayBuffer(Math.max(1, pages)));
  }

  /** Notes that a page is asked for; returns whether it is the first time. */
  ask(page: number): boolean {
    return Atomics.exchange(this.#asked, page, 1) === 0;
  }
}
