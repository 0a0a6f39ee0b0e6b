import type { Phase, ReplayPlan } from '../model/index.ts';
import type { ReplaySchedule } from './replay-schedule.ts';

type Load = ReplayPlan['load'];

/** The busiest moment is looked for in stretches of this length: in shorter ones chance alone makes peaks. */
const SLOT_MS = 10_000;
/** A page that is shown is looked at for a moment, and then closed. */
const LINGER_MS = 2_000;

/** Returns what each phase of a replay brings, for the checks that look at a plan's load. */
export function loadOf({ visits, crawls }: ReplaySchedule, names: readonly string[], phases: readonly Phase[]): Load {
  const starts = startsOf(phases);
  const atMs = ({ phase, offsetMs }: { phase: number; offsetMs: number }): number => (starts.get(names[phase] ?? '') ?? 0) + offsetMs;
  const spans = visits.map(({ views }) => {
    const [first, last] = [views[0], views.at(-1)];
    return { phase: first?.phase ?? 0, fromMs: first ? atMs(first) : 0, toMs: (last ? atMs(last) : 0) + LINGER_MS };
  });
  const views = visits.flatMap((visit) => visit.views);
  return names.map((name, phase): Load[number] => {
    const durationMs = (phases.find((one) => one.name === name)?.durationS ?? 0) * 1_000;
    const offsets = (all: readonly { phase: number; offsetMs: number }[]): number[] =>
      all.flatMap((one) => (one.phase === phase ? [one.offsetMs] : []));
    const firsts = visits.flatMap((visit) => visit.views.slice(0, 1));
    const own = { visits: offsets(firsts), views: offsets(views), crawlers: offsets(crawls) };
    return {
      phase: name, visits: own.visits.length, views: own.views.length, crawlers: own.crawlers.length,
      visitsPerSecond: busiest(own.visits, durationMs), viewsPerSecond: busiest(own.views, durationMs),
      crawlersPerSecond: busiest(own.crawlers, durationMs),
      atOnce: mostAtOnce(spans, starts.get(name) ?? 0, durationMs),
    };
  });
}

function startsOf(phases: readonly Phase[]): ReadonlyMap<string, number> {
  let sum = 0;
  return new Map(phases.map(({ name, durationS }) => {
    const start = sum;
    sum += durationS * 1_000;
    return [name, start];
  }));
}

/** Returns the rate a second of the fullest stretch; a phase shorter than one is one. */
function busiest(offsetsMs: readonly number[], durationMs: number): number {
  const slotMs = Math.min(SLOT_MS, durationMs);
  const slots = new Map<number, number>();
  for (const ms of offsetsMs) {
    const slot = Math.floor(ms / slotMs);
    slots.set(slot, (slots.get(slot) ?? 0) + 1);
  }
  // The last one of a phase may be short: its rate is over its own length.
  const rates = [...slots].map(([slot, count]) => (1_000 * count) / Math.min(slotMs, Math.max(1_000, durationMs - slot * slotMs)));
  return Math.round(100 * rates.reduce((most, one) => Math.max(most, one), 0)) / 100;
}

/** Returns how many spans there are at once at most while a phase lasts. */
function mostAtOnce(spans: readonly { fromMs: number; toMs: number }[], startMs: number, durationMs: number): number {
  const turns = spans
    .filter(({ fromMs, toMs }) => toMs > startMs && fromMs < startMs + durationMs)
    .flatMap(({ fromMs, toMs }) => [{ ms: fromMs, by: 1 }, { ms: toMs, by: -1 }])
    .sort((a, b) => a.ms - b.ms || a.by - b.by);
  let [now, most] = [0, 0];
  for (const { by } of turns) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}
