import { isLate, mergedLatency } from './api-timeline.ts';
import type { Slice } from './api-timeline.ts';
import type { Level } from './levels.ts';
import { rateBounds } from './rate-bounds.ts';
import { smoothPercentile, sketchPercentileOf } from './sketch-bounds.ts';
import { clockText } from './validity-text.ts';

/** Requests that left late by less than a tenth of their timeout did not time out for that. */
const HARMLESS_LATENESS = 0.1;

/** What a level must keep to count as sustained. */
export interface KneeLimits {
  /** Answered requests as a share of those due. */
  answeredShare: number;
  errorShare: number;
  /** By route; a route that is not named has none. */
  p95Ms: ReadonlyMap<string, number>;
  confidence: number;
}

/** How a level was broken, as a word and a sentence. */
export interface Break {
  kind: 'errors' | 'latency' | 'answers';
  /** When the first window showed it; null where only the level as a whole does. */
  sinceMs: number | null;
  text: string;
}

/** Where a rising load stopped being carried. */
export interface Knee {
  /** The highest level that was carried before the knee; null where none was. */
  held: Level | null;
  /** The first level that was not, null if none was broken: then the capacity is at least what was held. */
  broke: Level | null;
  /** What broke it, the first to show before the others. */
  breaks: Break[];
  /** The lane itself was late at a level above what held: nothing is known of that level. */
  unproven: Level | null;
}

/**
 * Returns the knee of a load that rises level by level. A level is broken where answers, errors or a route's P95 are beyond their
 * limit at the given confidence, so that chance breaks none; one that the next level holds again was a passing disturbance. Of a
 * level at which the lane itself was late, latency tells nothing; answers that failed or never came do, where lateness cannot be
 * why.
 */
export function findKnee(levels: readonly Level[], limits: KneeLimits): Knee {
  const judged = levels.map((level) => {
    const late = isLate(level);
    return { level, late, breaks: breaksOf(level, limits).filter(({ kind }) => !late || (kind !== 'latency' && isHarmless(level))) };
  });
  const holds = (index: number): boolean => judged[index]?.late === false && judged[index].breaks.length === 0;
  const first = judged.findIndex(({ breaks }, index) => breaks.length > 0 && !holds(index + 1));
  const below = judged.slice(0, first === -1 ? judged.length : first);
  const held = below.findLast((_, index) => holds(index)) ?? null;
  const above = below.slice(held === null ? 0 : below.indexOf(held) + 1);
  return {
    held: held?.level ?? null,
    broke: judged[first]?.level ?? null,
    breaks: judged[first]?.breaks ?? [],
    unproven: above.find(({ late }) => late)?.level ?? null,
  };
}

/** Whether the lane sent what was due, and none of it so late that it could not be answered in time. */
function isHarmless(level: Level): boolean {
  return !isLate({ ...level, late: 0 }) && level.slices.every(({ maxLateMs, timeoutMs }) => maxLateMs <= HARMLESS_LATENESS * timeoutMs);
}

function breaksOf(level: Level, limits: KneeLimits): Break[] {
  const { answeredShare, errorShare, p95Ms, confidence } = limits;
  const breaks: Break[] = [];
  const due = level.ok + level.failed + level.rateLimited + level.heldBack;
  const ended = level.ok + level.failed;
  if (ended > 0 && rateBounds(level.failed, ended, confidence).low > errorShare) {
    breaks.push({
      kind: 'errors', text: `${percent(level.failed / ended)} of the requests failed (${classes(level.slices)})`,
      sinceMs: since(level, ({ ok, failed }) => failed > errorShare * (ok + failed)),
    });
  }
  if (due > 0 && rateBounds(level.ok, due, confidence).high < answeredShare) {
    breaks.push({
      kind: 'answers',
      text: `only ${percent(level.ok / due)} of the requests due were answered${level.rateLimited > 0 ? `, ${level.rateLimited} refused with status 429` : ''}`,
      sinceMs: since(level, ({ ok, failed, rateLimited, heldBack }) => ok < answeredShare * (ok + failed + rateLimited + heldBack)),
    });
  }
  const slow = [...p95Ms].flatMap(([route, limitMs]) => {
    const { finding, beyondDeadline } = sketchPercentileOf(mergedLatency(level.slices, route), 'p95', confidence);
    return beyondDeadline || (finding.interval?.low ?? 0) > limitMs ? [{ route, limitMs, value: finding.value }] : [];
  });
  const [worst] = slow.toSorted((a, b) => (b.value ?? Infinity) / b.limitMs - (a.value ?? Infinity) / a.limitMs || (a.route < b.route ? -1 : 1));
  if (worst) {
    const { route, limitMs, value } = worst;
    const more = slow.length === 1 ? '' : `, and of ${slow.length - 1} more`;
    breaks.push({
      kind: 'latency', text: `P95 of ${route} at ${value === null ? 'more than its timeout' : `${Math.round(value)} ms`} (limit ${limitMs} ms)${more}`,
      sinceMs: since(level, (slice) => (smoothPercentile(mergedLatency([slice], route), 0.95, slice.timeoutMs) ?? 0) > limitMs),
    });
  }
  return breaks.sort((a, b) => (a.sinceMs ?? Infinity) - (b.sinceMs ?? Infinity));
}

/** When the first slice of a level showed a sign. */
function since({ slices }: Level, shows: (slice: Slice) => boolean): number | null {
  return slices.find(shows)?.fromMs ?? null;
}

/** Returns a break as a sentence with its time. */
export function breakText({ text, sinceMs }: Break): string {
  return sinceMs === null ? text : `${text}, from ${clockText(sinceMs)} on`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function classes(slices: readonly Slice[]): string {
  const sum = new Map<string, number>();
  for (const { failures } of slices) for (const [code, count] of failures) sum.set(code, (sum.get(code) ?? 0) + count);
  const sorted = [...sum].sort(([codeA, a], [codeB, b]) => b - a || (codeA < codeB ? -1 : 1));
  return sorted.slice(0, 3).map(([code, count]) => `${count} ${code}`).join(', ');
}
