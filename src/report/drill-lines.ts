import type { DrillReport, GateResult, RunRecord } from '../model/index.ts';
import type { GateLine } from './lines.ts';
import { count, harmless } from './text.ts';

/** A drill as the verdict block shows it. */
export interface DrillLine {
  verdict: DrillReport['verdict'];
  name: string;
  /** What became of it, in a sentence. */
  summary: string;
  /** Its turning points, the first at the run's clock, the others after it. */
  timeline: string;
}

/** Returns the gates of drills that did not pass; of those that did, the drill's own line says enough. */
export function openDrillGates({ verdict }: RunRecord, lineOf: (gate: GateResult) => GateLine): GateLine[] {
  return verdict.gates.filter(({ metric, status }) => metric === 'drill' && status !== 'pass').map(lineOf);
}

/** Returns each drill of a record, in the order in which they were held. */
export function drillLines({ drills = [] }: RunRecord): DrillLine[] {
  return drills.map((drill) => ({
    verdict: drill.verdict, name: harmless(drill.name), summary: harmless([drill.reason, usersText(drill)].filter(Boolean).join(' · ')),
    timeline: harmless(timelineText(drill)),
  }));
}

/** Returns `31 unaffected, 5 degraded, 0 failed`; empty where nobody was under way. */
export function usersText({ journeys }: Pick<DrillReport, 'journeys'>): string {
  const sum = (key: 'n' | 'unaffected' | 'degraded' | 'failed'): number => journeys.reduce((all, one) => all + one[key], 0);
  return sum('n') === 0 ? '' : `${count(sum('unaffected'))} unaffected, ${count(sum('degraded'))} degraded, ${count(sum('failed'))} failed`;
}

/** More turning points than this are no time line any more: a breaker that opens and closes again and again. */
const SHOWN_POINTS = 10;

function timelineText({ timeline }: DrillReport): string {
  const [first, ...rest] = timeline;
  if (!first) return '';
  const shown = rest.slice(0, SHOWN_POINTS);
  const more = rest.length - shown.length;
  const after = shown.map(({ tMs, event }) => `+${secondsText(tMs - first.tMs)} ${event}`);
  return [`${clock(first.tMs)} ${first.event}${first.detail === undefined ? '' : ` (${first.detail})`}`, ...after, ...(more > 0 ? [`and ${more} more`] : [])].join(' · ');
}

/** Returns `1.2 s`, or a dash for what was not seen. */
export function secondsOrDash(seconds: number | null): string {
  return seconds === null ? '–' : `${seconds} s`;
}

function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function clock(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}
