import type { TrafficHeader, TrafficRow, VisitorKind } from '../model/index.ts';

/** What is in a traffic fixture. */
export interface TrafficSummary {
  header: TrafficHeader;
  kinds: Record<VisitorKind, { requests: number; visitors: number }>;
  /** Families of user agents, the most frequent first. */
  families: { family: string; requests: number }[];
  /** Sites that people came from, the most frequent first. */
  referrers: { host: string; requests: number }[];
  /** Different addresses of pages, and those that are asked for most. */
  pages: number;
  hottest: { path: string; requests: number }[];
  /** So many pages draw four fifths of all requests. */
  pagesOfFourFifths: number;
  /** Requests of people for a page that they had before. */
  revisits: number;
  requestsPerSecond: number | null;
  /** In the busiest ten seconds. */
  busiestPerSecond: number;
  /** The longest time without any request. */
  longestSilenceMs: number;
  refusals: number;
}

const SHOWN = 10;
const WINDOW_MS = 10_000;

/** Takes the rows of a fixture one by one, in the order of time; `summary` returns what was in them. */
export class TrafficCounts {
  readonly #kinds = { person: 0, crawler: 0, other: 0 };
  readonly #visitors = { person: new Set<string>(), crawler: new Set<string>(), other: new Set<string>() };
  readonly #pages = new Map<string, number>();
  readonly #families = new Map<string, number>();
  readonly #hosts = new Map<string, number>();
  readonly #had = new Set<string>();
  #revisits = 0;
  #refusals = 0;
  #window = 0;
  #inWindow = 0;
  #busiest = 0;
  #lastMs = 0;
  #longestSilenceMs = 0;

  add({ t, p, c, k, u, r, s }: TrafficRow): void {
    this.#kinds[k] += 1;
    this.#visitors[k].add(c);
    add(this.#pages, p);
    add(this.#families, u);
    if (k === 'person') {
      if (r !== null) add(this.#hosts, r);
      const view = `${c} ${p}`;
      if (this.#had.has(view)) this.#revisits += 1;
      else this.#had.add(view);
    }
    if (s !== null && s >= 400) this.#refusals += 1;
    const window = Math.floor(t / WINDOW_MS);
    this.#inWindow = window === this.#window ? this.#inWindow + 1 : 1;
    this.#window = window;
    this.#busiest = Math.max(this.#busiest, this.#inWindow);
    this.#longestSilenceMs = Math.max(this.#longestSilenceMs, t - this.#lastMs);
    this.#lastMs = t;
  }

  /** Rows taken. */
  get requests(): number {
    return this.#kinds.person + this.#kinds.crawler + this.#kinds.other;
  }

  summary(header: TrafficHeader): TrafficSummary {
    const pages = sorted(this.#pages);
    let [sum, pagesOfFourFifths] = [0, 0];
    for (const [, requests] of pages) {
      if (sum >= 0.8 * this.requests) break;
      sum += requests;
      pagesOfFourFifths += 1;
    }
    const of = (kind: VisitorKind): { requests: number; visitors: number } =>
      ({ requests: this.#kinds[kind], visitors: this.#visitors[kind].size });
    return {
      header,
      kinds: { person: of('person'), crawler: of('crawler'), other: of('other') },
      families: sorted(this.#families).map(([family, requests]) => ({ family, requests })),
      referrers: sorted(this.#hosts).slice(0, SHOWN).map(([host, requests]) => ({ host, requests })),
      pages: pages.length,
      hottest: pages.slice(0, SHOWN).map(([path, requests]) => ({ path, requests })),
      pagesOfFourFifths,
      revisits: this.#revisits,
      refusals: this.#refusals,
      longestSilenceMs: this.#longestSilenceMs,
      requestsPerSecond: header.durationMs === 0 ? null : (this.requests * 1_000) / header.durationMs,
      busiestPerSecond: (this.#busiest * 1_000) / WINDOW_MS,
    };
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a, many], [b, other]) => other - many || (a < b ? -1 : 1));
}
