import type { DrillReport, RunRecord } from '../model/index.ts';
import { secondsOrDash, usersText } from './drill-lines.ts';
import { cells, harmless, padEnd, padStart, wrap } from './text.ts';

const HEAD = ['', 'drill', 'hypothesis', 'opens', 'recovers', 'unaffected', 'degraded', 'failed', 'breaches', 'verdict'];
/** Columns of words stand to the left, of figures to the right. */
const LEFT = new Set([0, 1, 2, 9]);
const HYPOTHESIS = 2;
const NARROWEST_HYPOTHESIS = 28;
const GAP = '  ';
const MARKS: Record<DrillReport['verdict'], string> = { 'pass': '✓', 'fail': '✗', 'inconclusive': '?', 'not judged': '?' };

/** Returns the drills of a run as a table for people, and under it why those that did not pass did not. */
export function drillTable(record: RunRecord, width: number): string {
  const drills = record.drills ?? [];
  const rows = [HEAD, ...drills.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => cells(row[column] ?? ''))));
  const others = widths.reduce((sum, one, column) => sum + (column === HYPOTHESIS ? 0 : one), GAP.length * (HEAD.length - 1));
  widths[HYPOTHESIS] = Math.min(widths[HYPOTHESIS] ?? 0, Math.max(NARROWEST_HYPOTHESIS, width - 1 - others));
  const lines = rows.flatMap((row) => {
    const told = wrap(row[HYPOTHESIS] ?? '', widths[HYPOTHESIS] ?? 0);
    return (told.length === 0 ? [''] : told).map((part, index) => row.map((cell, column) => {
      const text = column === HYPOTHESIS ? part : index === 0 ? cell : '';
      return (LEFT.has(column) ? padEnd : padStart)(text, widths[column] ?? 0);
    }).join(GAP).trimEnd());
  });
  const reasons = drills.filter(({ verdict }) => verdict !== 'pass').map(({ name, reason }) => ` ${harmless(name)}: ${harmless(reason)}`);
  return [...lines, ...(reasons.length > 0 ? ['', ...reasons] : [])].join('\n');
}

function rowOf(drill: DrillReport): string[] {
  const sum = (key: 'unaffected' | 'degraded' | 'failed'): string => (usersText(drill) === '' ? '–' : String(drill.journeys.reduce((all, one) => all + one[key], 0)));
  return [
    MARKS[drill.verdict], harmless(drill.name), harmless(drill.hypothesis), secondsOrDash(drill.opensAfterS), secondsOrDash(drill.recoversAfterS),
    sum('unaffected'), sum('degraded'), sum('failed'), drill.integrityBreaches === null ? '–' : String(drill.integrityBreaches), drill.verdict,
  ];
}

interface Aim {
  id: string;
  unit: string;
  limit: number;
  observed: number | null;
  n: number;
  met: boolean;
}

/** Ten minutes are what the drills may take together (the short form that anybody can wait for). */
const MOST_MINUTES = 10;

/** Returns the aims of a run of drills: each passed, no breach, within ten minutes. What was not measured is null, and not met. */
export function drillAims(record: RunRecord): Aim[] {
  const drills = record.drills ?? [];
  const aim = (id: string, unit: string, limit: number, observed: number | null): Aim =>
    ({ id, unit, limit, observed, n: drills.length, met: drills.length > 0 && observed !== null && observed <= limit });
  const breaches = drills.map(({ integrityBreaches }) => integrityBreaches);
  const known = drills.length > 0 && !breaches.includes(null);
  return [
    aim('drills-not-passed', 'drills', 0, drills.length === 0 ? null : drills.filter(({ verdict }) => verdict !== 'pass').length),
    aim('integrity-breaches', 'breaches', 0, known ? breaches.reduce<number>((sum, one) => sum + (one ?? 0), 0) : null),
    aim('minutes', 'min', MOST_MINUTES, Math.round(record.totals.durationMs / 6_000) / 10),
  ];
}

/** Returns a run of drills as the one JSON object of every long show. */
export function drillsJson(record: RunRecord): object {
  const { environment } = record;
  return {
    name: 'drills',
    machine: environment === null ? null : {
      cpu: environment.cpuModel, cores: environment.cores, memoryBytes: environment.memoryBytes, node: environment.nodeVersion,
      browser: `${environment.browser.version} (${environment.browser.source})`,
    },
    cases: record.drills ?? [],
    aims: drillAims(record),
  };
}
