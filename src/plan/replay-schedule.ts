import type { Phase, ReplayPlan, TrafficRow } from '../model/index.ts';
import { spikeArrivals } from './replay-spike.ts';

export interface ReplayPage {
  path: string;
  /** The pattern that it falls under. */
  route: string;
  group: 'hot' | 'tail';
}

/** Something that is due: so long after its phase has begun. */
interface Due {
  /** Into the phases of the replay. */
  phase: number;
  offsetMs: number;
  /** Into the pages. */
  page: number;
}

export interface ReplayView extends Due {
  /** The same person had this page before, in this visit. */
  revisit: boolean;
}

/** One person: pages in turn, by one browser context. */
export interface ReplayVisit { views: ReplayView[] }

export interface ReplayCrawl extends Due {
  /** Family of the user agent. */
  agent: string;
  method: TrafficRow['m'];
}

/** Everything that a replay sends. */
export interface ReplaySchedule {
  pages: ReplayPage[];
  /** In the order in which their first pages are due. */
  visits: ReplayVisit[];
  crawls: ReplayCrawl[];
  /** Rows of the part that is played which are not: other paths, other methods, failures. */
  leftOut: number;
}

export interface ScheduleRules extends Pick<ReplayPlan, 'speed' | 'fromMs' | 'routes' | 'phases' | 'hotShare' | 'spike' | 'longestPauseMs'> {
  /** A visit that would last longer goes on as another. */
  longestVisitMs: number;
}

/** Gathers rows of a fixture in their order. */
export interface ScheduleBuilder {
  /** Returns whether more is wanted: false from the first row after the part that is played. */
  take: (row: TrafficRow) => boolean;
  finish: () => ReplaySchedule;
}

interface Placed extends Due {
  /** On the wall clock of the run as planned. */
  atMs: number;
}

/**
 * Returns a builder of the schedule. Rows keep their recorded times, divided by the speed: the traffic's clock runs on in the
 * phases of the replay, and stands still in others. The same rows always give the same schedule.
 */
export function scheduleBuilder(rules: ScheduleRules, phases: readonly Phase[]): ScheduleBuilder {
  const places = placesOf(rules, phases);
  const matches = routeMatcher(rules.routes);
  const pages = new Map<string, { index: number; route: string; asked: number }>();
  const people = new Map<string, Placed[]>();
  const crawls: ReplayCrawl[] = [];
  let leftOut = 0;
  return {
    take(row) {
      if (row.t < rules.fromMs) return true;
      const place = places.find(({ toMs }) => row.t < toMs);
      if (place === undefined) return false;
      const route = matches(row.p);
      if (route === null || !isPlayed(row)) {
        leftOut += 1;
        return true;
      }
      const page = pages.get(row.p) ?? { index: pages.size, route, asked: 0 };
      pages.set(row.p, page);
      page.asked += 1;
      const offsetMs = (row.t - place.fromMs) / rules.speed;
      const due = { phase: place.phase, offsetMs, page: page.index };
      if (row.k === 'person' && row.m === 'GET') {
        const views = people.get(row.c) ?? [];
        people.set(row.c, views);
        views.push({ ...due, atMs: place.startMs + offsetMs });
      } else crawls.push({ ...due, agent: row.u, method: row.m });
      return true;
    },
    finish() {
      const asked = [...pages].map(([path, page]) => ({ path, ...page }));
      const ranked = asked.toSorted((a, b) => b.asked - a.asked || (a.path < b.path ? -1 : 1));
      const hot = hotPages(ranked, rules.hotShare);
      const visits = [...people.values()].flatMap((views) => visitsOf(views, rules));
      addSpike(rules, phases, ranked, visits, crawls);
      return {
        pages: asked.map(({ path, route, index }) => ({ path, route, group: hot.has(index) ? 'hot' : 'tail' })),
        visits: visits.sort((a, b) => inTime(a.views[0], b.views[0])),
        crawls: crawls.sort(inTime),
        leftOut,
      };
    },
  };
}

/** What failed when it was recorded would fail again, and a redirect is followed by what it leads to: both would count twice. */
function isPlayed({ s: status }: TrafficRow): boolean {
  return status === null || status < 300 || status === 304;
}

function inTime(a: Due | undefined, b: Due | undefined): number {
  return a === undefined || b === undefined ? 0 : a.phase - b.phase || a.offsetMs - b.offsetMs;
}

interface Place { phase: number; fromMs: number; toMs: number; startMs: number }

/** Which recorded time each phase of the replay plays, and when it begins on the run's clock. */
function placesOf({ fromMs, speed, phases: names }: ScheduleRules, phases: readonly Phase[]): Place[] {
  let [recordedMs, startMs] = [fromMs, 0];
  return phases.flatMap(({ name, durationS }) => {
    const begins = startMs;
    startMs += durationS * 1_000;
    const phase = names.indexOf(name);
    if (phase === -1) return [];
    const place = { phase, fromMs: recordedMs, toMs: recordedMs + durationS * 1_000 * speed, startMs: begins };
    recordedMs = place.toMs;
    return [place];
  });
}

/** What a browser would read as another host, or another path than is written. */
const ASTRAY = /^(?!\/(?![/\\]))|[\s\\\p{Cc}]|\/(?:\.|%2e){1,2}(?=[/?#]|$)/iu;

/** A name that the import hashed: no target has such a page. */
const HASHED = /\/~[a-p]{12}(?=[/?]|$)/;

/** Returns a function from a path, with or without a query, to the pattern that it falls under; null for none. */
export function routeMatcher(routes: readonly string[]): (path: string) => string | null {
  const split = routes.map((route) => ({ route, parts: route.split('/') }));
  return (path) => {
    if (ASTRAY.test(path) || HASHED.test(path)) return null;
    const parts = (path.split('?', 1)[0] ?? '').split('/');
    const found = split.find(({ parts: wanted }) => wanted.length === parts.length
      && wanted.every((part, at) => (part.startsWith(':') ? (parts[at] ?? '') !== '' : part === parts[at])));
    return found?.route ?? null;
  };
}

/** The most asked-for pages that together draw the share. */
function hotPages(ranked: readonly { index: number; asked: number }[], share: number): ReadonlySet<number> {
  const total = ranked.reduce((sum, { asked }) => sum + asked, 0);
  const hot = new Set<number>();
  let sum = 0;
  for (const { index, asked } of ranked) {
    if (sum >= share * total) break;
    hot.add(index);
    sum += asked;
  }
  return hot;
}

function visitsOf(views: readonly Placed[], { longestPauseMs, longestVisitMs }: ScheduleRules): ReplayVisit[] {
  const visits: ReplayVisit[] = [];
  let [visit, beganMs, lastMs]: [ReplayVisit | null, number, number] = [null, 0, 0];
  let seen = new Set<number>();
  for (const { phase, offsetMs, page, atMs } of views) {
    if (visit === null || atMs - lastMs > longestPauseMs || atMs - beganMs > longestVisitMs) {
      visit = { views: [] };
      visits.push(visit);
      beganMs = atMs;
      seen = new Set();
    }
    visit.views.push({ phase, offsetMs, page, revisit: seen.has(page) });
    seen.add(page);
    lastMs = atMs;
  }
  return visits;
}

function addSpike(
  { spike, phases: names }: ScheduleRules, phases: readonly Phase[], ranked: readonly { index: number }[],
  visits: ReplayVisit[], crawls: ReplayCrawl[],
): void {
  const durationS = phases.find(({ name }) => name === spike?.phase)?.durationS;
  if (spike === null || durationS === undefined) return;
  const phase = names.indexOf(spike.phase);
  const chosen = spike.kind === 'burst' ? ranked.slice(0, spike.slugs) : ranked.slice(-spike.slugs);
  const agent = spike.kind === 'burst' ? 'Chrome' : 'Googlebot';
  for (const { offsetMs, rank, person } of spikeArrivals(spike, durationS * 1_000, chosen.length)) {
    const page = chosen[rank]?.index ?? 0;
    if (person) visits.push({ views: [{ phase, offsetMs, page, revisit: false }] });
    else crawls.push({ phase, offsetMs, page, agent, method: 'GET' });
  }
}
