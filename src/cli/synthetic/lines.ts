import type { Check, CheckAttempt, CheckRound } from '../../model/index.ts';
import { escape } from '../../report/step-summary.ts';
import { counted, cut, harmless, padEnd } from '../../report/text.ts';

const MARKS: Record<Check['status'], string> = { up: '✓', flaky: '~', down: '✗', unknown: '?' };
const COLORS: Record<Check['status'], number> = { up: 32, flaky: 33, down: 31, unknown: 33 };
const NAME_WIDTH = 29;

export interface LineStyle {
  color: boolean;
  width: number;
  /** The checks' evidence as a person would type it: the reports folder. */
  reportsPath: string;
  /** Of the clock; this machine's when undefined. */
  timeZone?: string | undefined;
}

/** Returns a check as one line, and the evidence of a failure under it. */
export function checkLines(check: Check, { color, width, reportsPath }: LineStyle): string {
  const { status, attempts } = check;
  const mark = paint(`${MARKS[status]} ${padEnd(status, 7)}`, COLORS[status], color);
  const line = ` ${mark} ${padEnd(cut(harmless(check.journey), NAME_WIDTH), NAME_WIDTH)} `;
  const room = Math.max(20, width - NAME_WIDTH - 12);
  const last = attempts.at(-1);
  const text = status === 'up' && last !== undefined ? passedText(last) : goesText(attempts);
  const evidence = attempts.flatMap(({ screenshot, trace }) => [screenshot, trace]).filter((file) => file !== null);
  return [line + cut(harmless(text), room), ...evidence.map((file) => `             ${harmless(`${reportsPath}/${file}`)}`)].join('\n');
}

function passedText({ steps, durationMs }: CheckAttempt): string {
  const measured = steps.filter((step) => step.perceivedMs !== null);
  const [slowest] = measured.sort((a, b) => (b.perceivedMs ?? 0) - (a.perceivedMs ?? 0));
  const what = slowest === undefined
    ? 'none measured by the page'
    : `slowest ${Math.round(slowest.perceivedMs ?? 0)} ms (${slowest.name})`;
  return `${seconds(durationMs)} · ${counted(steps.length, 'step')}, ${what}`;
}

/** What each go came to: `1st: pay into escrow: J_STEP_TIMEOUT … · 2nd: passed`. */
function goesText(attempts: readonly CheckAttempt[]): string {
  if (attempts.length === 0) return 'not tried: the round was ended before';
  const said = attempts.map((attempt) => failureOf(attempt) ?? 'passed');
  // The same twice is a fault, and needs no second telling.
  if (said.length > 1 && said.every((one) => one === said[0])) return `${said.length} times: ${said[0]}`;
  return said.map((one, index) => (said.length === 1 ? one : `go ${index + 1}: ${one}`)).join(' · ');
}

/** Returns in one sentence why a go failed, or null if it passed. */
export function failureOf({ outcome, errorCode, message, steps }: CheckAttempt): string | null {
  if (outcome === 'passed') return null;
  const step = steps.find((one) => one.outcome !== 'passed')?.name;
  const how = message === null ? (errorCode ?? outcome) : `${errorCode ?? outcome} ${message}`;
  return step === undefined ? how : `${step}: ${how}`;
}

/** Returns the round as one line: what it came to, and when the next one is due. */
export function roundLine(round: CheckRound, style: LineStyle, nextEpochMs: number | null): string {
  const worst = worstOf(round.checks);
  const word = paint(` ${worst.toUpperCase()} `, COLORS[worst], style.color);
  const next = nextEpochMs === null ? '' : ` · next ${clockTime(nextEpochMs, style.timeZone)}`;
  return `${word} ${tally(round.checks)} · ${harmless(round.target)} · ${seconds(round.endedAtEpochMs - round.startedAtEpochMs)}${next}`;
}

function tally(checks: readonly Check[]): string {
  const count = (status: Check['status']): number => checks.filter((check) => check.status === status).length;
  const others = (['flaky', 'down', 'unknown'] as const)
    .filter((status) => count(status) > 0).map((status) => `${count(status)} ${status}`);
  return [`${count('up')} of ${counted(checks.length, 'journey')} up`, ...others].join(', ');
}

/** Returns the worst status of a round: a fault of the target before one of the checker. */
export function worstOf(checks: readonly Check[]): Check['status'] {
  const order = ['down', 'unknown', 'flaky', 'up'] as const;
  // A round without a check says nothing.
  return order.find((status) => checks.some((check) => check.status === status)) ?? 'unknown';
}

/** Returns a round for the step summary of a CI service: a table of all that is not simply up. */
export function roundMarkdown(round: CheckRound): string {
  const rows = round.checks.filter((check) => check.status !== 'up')
    .map((check) => `| ${MARKS[check.status]} ${check.status} | ${escape(check.journey)} | ${escape(goesText(check.attempts))} |`);
  const table = rows.length === 0 ? [] : ['| | journey | |', '| - | - | - |', ...rows, ''];
  return [`### Checks: ${worstOf(round.checks)} · ${tally(round.checks)} · ${escape(round.target)}`, '', ...table].join('\n');
}

/** Returns hours, minutes and seconds of a time zone. */
export function clockTime(epochMs: number, timeZone: string | undefined): string {
  return new Date(epochMs).toLocaleTimeString('en-GB', timeZone === undefined ? {} : { timeZone });
}

export function seconds(ms: number): string {
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}

function paint(text: string, color: number, wanted: boolean): string {
  return wanted ? `\u001b[${color}m${text}\u001b[0m` : text;
}
