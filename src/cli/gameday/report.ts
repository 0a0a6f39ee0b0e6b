import { cpus, totalmem } from 'node:os';
import { redaction } from '../../collect/redaction.ts';
import type { GameDay, GameDayAim, GameDayTimes } from '../../model/game-day.ts';
import { heldRows } from '../../model/index.ts';
import { escape } from '../../report/step-summary.ts';
import { count, counted, harmless, padEnd, padStart, wrap } from '../../report/text.ts';
import { decisionText } from './decision.ts';

/** The turning points, as a table names them, in the order in which they come. */
const POINTS: [keyof GameDayTimes, string][] = [
  ['faultIn', 'fault in'],
  ['firstFailingCheck', 'first failing check'],
  ['alert', 'alert'],
  ['detected', 'detected by the team'],
  ['runbook', 'runbook chosen'],
  ['decision', 'first decision'],
  ['rollback', 'what helped was done'],
  ['recovered', 'recovered'],
];
const MARKS: Record<GameDayAim['state'], string> = { met: '✓', missed: '✗', 'not told': '?' };
const NAMES: Record<GameDayAim['id'], string> = {
  detection: 'detected',
  decision: 'decided',
  recovery: 'recovered',
  runbook: 'right runbook',
  money: 'payments',
};

/** Returns a length of time for people: `41 s`, `2 min 5 s`. */
export function length(ms: number): string {
  const s = Math.round(ms / 1_000);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min${s % 60 === 0 ? '' : ` ${s % 60} s`}`;
}

/** Returns the time of day, in UTC as everything that a file keeps. */
function clock(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 19);
}

interface PointRow {
  name: string;
  at: string;
  after: string;
}

function pointRows({ times }: GameDay): PointRow[] {
  return POINTS.map(([point, name]) => {
    const [at, from] = [times[point], times.faultIn];
    const after = at === null || from === null ? '–' : length(at - from);
    return { name, at: at === null ? '–' : clock(at), after };
  });
}

/** Returns an aim in words: `41 s`, limit `≤ 5 min`, and why, where there is something to say. */
function aimWords({ id, unit, limit, observed, n, why }: GameDayAim): {
  observed: string;
  limit: string;
  note: string;
} {
  const note = [id === 'money' && n > 0 ? counted(n, 'payment') : null, why].filter((part) => part !== null).join('; ');
  const said = (words: (value: number) => string): string => (observed === null ? '–' : words(observed));
  if (unit === 's') return { observed: said((s) => length(s * 1_000)), limit: `≤ ${length(limit * 1_000)}`, note };
  if (id === 'runbook') return { observed: said((wrong) => (wrong === 0 ? 'yes' : 'no')), limit: '', note };
  return { observed: said((n) => `${count(n)} ${n === 1 ? 'breach' : 'breaches'}`), limit: '≤ 0', note };
}

/** Returns what was broken, and whether that was fair to ask: one sentence. */
function brokenWords({ drill, outcome }: GameDay): string {
  if (drill === null || drill.what.length === 0)
    return outcome === 'no steady state' ? 'nothing was broken: something was wrong already' : 'nothing was broken';
  return `${drill.title} (${drill.name}): ${drill.what.join('; ')}`;
}

function teardownLines({ id, teardown }: GameDay): string[] {
  if (teardown === null) return [];
  const { outcome, before, after, message } = teardown;
  const rows = (counts: typeof before): string => (counts === null ? 'unknown' : count(heldRows(counts)));
  const how = `of ${rows(before)} rows that the checks made, ${rows(after)} are left`;
  if (outcome === 'removed') return [`teardown: ${how}`];
  const why = message === undefined ? '' : `: ${message}`;
  return [harmless(`teardown: ${how}${why} (npm run teardown -- reports/gamedays/${id})`)];
}

function overrideLines({ overrides }: GameDay): string[] {
  return overrides.map(({ guard, what, reason }) => harmless(`${guard} · ${what} · ${reason}`));
}

/** Returns what a terminal shows at the end: what it was, the times, the aims. */
export function gameDayLines(day: GameDay, { width, path }: { width: number; path: string }): string {
  const rows = pointRows(day);
  const names = Math.max(...rows.map(({ name }) => name.length));
  const points = rows.map(
    ({ name, at, after }) => `   ${padEnd(name, names)}  ${padStart(at, 8)}  ${padStart(after, 12)}`,
  );
  const aims = day.aims.map((aim) => {
    const { observed, limit, note } = aimWords(aim);
    const figures = `${padStart(observed, 12)}  ${padEnd(limit, 10)}`;
    return ` ${MARKS[aim.state]} ${padEnd(NAMES[aim.id], 14)} ${figures} ${harmless(note)}`.trimEnd();
  });
  const { drill } = day;
  const right =
    drill === null || drill.what.length === 0
      ? []
      : [`   fits: ${drill.runbooks.join(' or ')}; ${drill.decisions.join(' or ')}`];
  const lines = [
    ...wrap(`${day.outcome.toUpperCase()}  ${harmless(brokenWords(day))}`, width - 2).map((line) => ` ${line}`),
    ...right,
    '',
    `   ${padEnd('', names)}  ${padStart('UTC', 8)}  ${padStart('after', 12)}`,
    ...points,
    '',
    ...aims,
    ...(day.falseAlarms > 0 ? [`   false alarms before the fault: ${day.falseAlarms}`] : []),
    ...teardownLines(day).map((line) => `   ${line}`),
    ...overrideLines(day).map((line) => ` OVERRIDDEN: ${line}`),
    ...day.notUndone.map((what) => ` NOT UNDONE: ${harmless(what)}`),
    '',
    `   report   ${path}`,
  ];
  return redaction().text(lines.join('\n'));
}

/** Returns the game day as a page for people: what it was, the times, the aims, the decisions, the time line. */
export function gameDayMarkdown(day: GameDay): string {
  const { drill, times } = day;
  const table = (head: string[], rows: string[][]): string[] => [
    `| ${head.join(' | ')} |`,
    `|${' - |'.repeat(head.length)}`,
    ...rows.map((row) => `| ${row.map((cell) => escape(harmless(cell))).join(' | ')} |`),
  ];
  const after = (epochMs: number): string =>
    times.faultIn === null || epochMs < times.faultIn ? '' : length(epochMs - times.faultIn);
  const decisions = day.decisions.map(({ decision, atEpochMs, doneAtEpochMs }) => [
    clock(atEpochMs),
    after(atEpochMs),
    decisionText(decision),
    decision.kind === 'wait' ? '' : doneAtEpochMs === null ? 'not done' : clock(doneAtEpochMs),
  ]);
  const pages = drill?.runbooks.map((page) => `[${escape(page)}](../../../ops/runbooks/${escape(page)}.md)`);
  const team = `${day.team}${day.team === 'people' ? '' : ' (which shows nothing of a team)'}`;
  const version = `version ${escape(day.harnessVersion)}${day.commit === null ? '' : `, commit ${escape(day.commit)}`}`;
  return `${[
    `# Game day ${escape(day.id)}`,
    '',
    `${escape(brokenWords(day))}. Ended: **${day.outcome}**. Team: ${team}.`,
    '',
    `Target ${escape(day.target)}, ${count(day.rounds)} rounds of checks, seed ${day.seed}, ${version}. Times are UTC.`,
    '',
    ...(drill === null || drill.what.length === 0
      ? []
      : [`What fits: ${pages?.join(' or ') ?? ''}; ${escape(drill.decisions.join(' or '))}.`, '']),
    ...overrideLines(day).flatMap((line) => [`**Overridden:** ${escape(line)}`, '']),
    '## Aims',
    '',
    ...table(
      ['', 'aim', 'observed', 'limit', ''],
      day.aims.map((aim) => {
        const { observed, limit, note } = aimWords(aim);
        return [MARKS[aim.state], NAMES[aim.id], observed, limit, note];
      }),
    ),
    '',
    '## Times',
    '',
    ...table(
      ['', 'UTC', 'after the fault'],
      pointRows(day).map(({ name, at, after: late }) => [name, at, late]),
    ),
    ...(day.falseAlarms > 0 ? ['', `False alarms before the fault: ${day.falseAlarms}.`] : []),
    ...(decisions.length > 0
      ? ['', '## Decisions', '', ...table(['UTC', 'after the fault', 'decision', 'done'], decisions)]
      : []),
    ...teardownLines(day).flatMap((line) => ['', escape(line)]),
    ...(day.notUndone.length > 0
      ? ['', '## Not undone', '', ...day.notUndone.map((what) => `- ${escape(harmless(what))}`)]
      : []),
    '',
    '## Time line',
    '',
    ...table(
      ['UTC', 'after the fault', '', ''],
      day.timeline.map(({ atEpochMs, kind, text }) => [clock(atEpochMs), after(atEpochMs), kind, text]),
    ),
    '',
    '## For the review',
    '',
    '- What told us first, and what could have told us sooner?',
    '- Did the runbook say what to do? What was missing in it?',
    '- What took longest between two of the times above?',
    '- What changes, who does it, until when?',
    '',
  ].join('\n')}`;
}

/** Returns a game day as the one JSON object of every long show. */
export function gameDayJson(day: GameDay): object {
  const [cpu] = cpus();
  return {
    name: 'gameday',
    machine: { cpu: cpu?.model ?? null, cores: cpus().length, memoryBytes: totalmem(), node: process.version },
    cases: [redaction().value(day)],
    aims: day.aims.map(({ id, unit, limit, observed, n, state, why }) => ({
      id,
      unit,
      limit,
      observed,
      n,
      met: state === 'met',
      state,
      why,
    })),
  };
}
