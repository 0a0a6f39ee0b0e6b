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

/** Returns a summary of a fixture's rows, taken in the order of time. */
export async function summarise(header: TrafficHeader, rows: AsyncIterable<readonly TrafficRow[]>): Promise<TrafficSummary> {
  const kinds = { person: 0, crawler: 0, other: 0 };
  const visitors = { person: new Set<string>(), crawler: new Set<string>(), other: new Set<string>() };
  const [pages, families, hosts] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  const had = new Set<string>();
  let [revisits, refusals, busiest, inWindow, window, lastMs, longestSilenceMs] = [0, 0, 0, 0, 0, 0, 0];
  for await (const batch of rows) {
    for (const { t, p, c, k, u, r, s } of batch) {
      kinds[k] += 1;
      visitors[k].add(c);
      add(pages, p);
      add(families, u);
      if (r !== null && k === 'person') add(hosts, r);
      if (k === 'person') {
        const view = `${c} ${p}`;
        if (had.has(view)) revisits += 1;
        else had.add(view);
      }
      if (s !== null && s >= 400) refusals += 1;
      if (Math.floor(t / WINDOW_MS) !== window) [window, inWindow] = [Math.floor(t / WINDOW_MS), 0];
      busiest = Math.max(busiest, (inWindow += 1));
      longestSilenceMs = Math.max(longestSilenceMs, t - lastMs);
      lastMs = t;
    }
  }
  const byRequests = sorted(pages);
  let [sum, pagesOfFourFifths] = [0, 0];
  for (const [, requests] of byRequests) {
    if (sum >= 0.8 * header.requests) break;
    sum += requests;
    pagesOfFourFifths += 1;
  }
  const of = (kind: VisitorKind): { requests: number; visitors: number } => ({ requests: kinds[kind], visitors: visitors[kind].size });
  return {
    header,
    kinds: { person: of('person'), crawler: of('crawler'), other: of('other') },
    families: sorted(families).map(([family, requests]) => ({ family, requests })),
    referrers: sorted(hosts).slice(0, SHOWN).map(([host, requests]) => ({ host, requests })),
    pages: pages.size,
    hottest: byRequests.slice(0, SHOWN).map(([path, requests]) => ({ path, requests })),
    pagesOfFourFifths, revisits, refusals, longestSilenceMs,
    requestsPerSecond: header.durationMs === 0 ? null : (header.requests * 1_000) / header.durationMs,
    busiestPerSecond: (busiest * 1_000) / WINDOW_MS,
  };
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a, many], [b, other]) => other - many || (a < b ? -1 : 1));
}
