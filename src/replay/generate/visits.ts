import { Heap } from '../heap.ts';
import { seeded, waits, zipf } from '../random.ts';
import { BROWSERS, CRAWLERS, MONITOR, type Agent } from './agents.ts';
import { SLUGS, TERMS } from './pages.ts';

/** One request that nobody ever made. */
export interface Visit {
  tMs: number;
  /** Number of the visitor: each has an address of its own. */
  visitor: number;
  agent: Agent;
  path: string;
  /** Address of the page that led here. */
  referrer: string | null;
  method: 'GET' | 'HEAD';
}

export interface Wanted {
  /** About so many; the figures below decide how many it is in the end. */
  requests: number;
  durationMs: number;
  seed: number;
}

/** Of all requests; a small site is asked for more by machines than by people. */
const PEOPLE_SHARE = 0.45;
/** Views of one person: the first, and another with this chance after each. */
const GOES_ON = 0.65;
const VIEWS_A_PERSON = 1 / (1 - GOES_ON);
const MEAN_READING_MS = 12_000;
/** Nobody goes on before having seen the page. */
const LEAST_READING_MS = 1_500;
/** Of the people whose visit is over, so many come back to where they began. */
const COMES_BACK = 0.25;
const MEAN_AWAY_MS = 90_000;
const MONITOR_EVERY_MS = 30_000;
const SITE = 'openshow.example';
/** Where people come from, each with the same chance; null for no referrer. */
const SEARCH_ENGINES = ['https://www.google.com/', 'https://www.google.com/', 'https://www.bing.com/', null];

/** A visitor who will ask for something at `tMs`. */
interface Due {
  tMs: number;
  /** Asks, and returns when this visitor asks again; null for never. */
  ask: (tMs: number) => { visit: Visit; nextMs: number | null };
}

/**
 * Returns synthetic search traffic in the order of time, the same for the same seed: people who come from search
 * engines to landing pages (few of them are asked for most, by Zipf's law), read, go on, go back to pages that they
 * had, and return later; crawlers that go over all pages alike; and a monitor.
 */
export function* visits({ requests, durationMs, seed }: Wanted): Generator<Visit> {
  const random = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const wantedPage = zipf(random, SLUGS.length);
  const landing = (): string => `/find/${SLUGS[wantedPage()] as string}`;
  const due = new Heap<Due>((a, b) => a.tMs < b.tMs);
  let visitors = 0;

  const crawler = (agent: Agent, next: () => number): Due => {
    const visitor = visitors++;
    // Each goes over the whole site again and again, in an order of its own.
    let at = Math.floor(random() * SLUGS.length);
    const step = pick([7, 11, 13, 17, 19, 23]);
    return { tMs: next(), ask: (tMs) => {
      at = (at + step) % SLUGS.length;
      const path = `/find/${SLUGS[at] as string}`;
      return { visit: { tMs, visitor, agent, path, referrer: null, method: 'GET' }, nextMs: tMs + next() };
    } };
  };

  const person = (tMs: number): Due => {
    const visitor = visitors++;
    const agent = pick(BROWSERS);
    const reading = waits(random, MEAN_READING_MS - LEAST_READING_MS);
    const had: string[] = [];
    let from: string | null = pick(SEARCH_ENGINES);
    let returned = false;
    let next = landing();
    return { tMs, ask: (nowMs) => {
      const visit: Visit = { tMs: nowMs, visitor, agent, path: next, referrer: from, method: 'GET' };
      had.push(next);
      from = `https://${SITE}${next}`;
      next = nextPage(had);
      if (random() < GOES_ON) return { visit, nextMs: nowMs + LEAST_READING_MS + reading() };
      if (returned || random() >= COMES_BACK) return { visit, nextMs: null };
      returned = true;
      next = had[0] as string;
      from = null;
      return { visit, nextMs: nowMs + LEAST_READING_MS + waits(random, MEAN_AWAY_MS)() };
    } };
  };

  const nextPage = (had: readonly string[]): string => {
    const drawn = random();
    if (drawn < 0.35) return pick(had);
    if (drawn < 0.65) return `/search?q=${pick(TERMS)}`;
    return drawn < 0.72 ? '/' : landing();
  };

  const crawlMs = (durationMs * CRAWLERS.length) / (requests * (1 - PEOPLE_SHARE));
  for (const agent of CRAWLERS) due.push(crawler(agent, waits(random, crawlMs)));
  const monitor = visitors++;
  due.push({ tMs: 0, ask: (tMs) => ({
    visit: { tMs, visitor: monitor, agent: MONITOR, path: '/', referrer: null, method: 'HEAD' },
    nextMs: tMs + MONITOR_EVERY_MS,
  }) });
  // A person who returns has another visit of the same length.
  const comes = waits(random, (durationMs * VIEWS_A_PERSON * (1 + COMES_BACK)) / (requests * PEOPLE_SHARE));
  let nextPersonMs = comes();

  for (;;) {
    const nextMs = due.peek()?.tMs ?? Infinity;
    if (Math.min(nextMs, nextPersonMs) >= durationMs) return;
    if (nextPersonMs < nextMs) {
      due.push(person(nextPersonMs));
      nextPersonMs += comes();
      continue;
    }
    const one = due.pop() as Due;
    const { visit, nextMs: againMs } = one.ask(one.tMs);
    yield visit;
    if (againMs !== null) due.push({ tMs: againMs, ask: one.ask });
  }
}
