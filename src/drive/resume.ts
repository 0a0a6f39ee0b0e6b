import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../errors.ts';
import { Observation, Plan, type Phase } from '../model/index.ts';

/** A run that was cut short, and where it goes on. */
export interface Resumption {
  plan: Plan;
  /** Milliseconds of the run's own clock that are over: it stood still while nothing ran. */
  elapsedMs: number;
  /** The phase that goes on first, and how much of it is over. */
  phase: { index: number; doneS: number };
  /** From 2: which part of the run this will be. */
  segment: number;
}

/** Longer than any observation that is written. */
const TAIL_BYTES = 1_000_000;

/**
 * Reads what a run left that was killed or interrupted, and cuts off the torn last line of its files, which nobody could read.
 * Throws J_RUN_NOT_FOUND, J_RUN_UNREADABLE, or J_RESUME for a run that is over or never came to its first phase.
 */
export function readResumption(folder: string): Resumption {
  const plan = readPlan(folder);
  const files = readdirSync(folder).filter((name) => /^observations.*\.ndjson$/.test(name));
  const lasts = files.map((name) => ({ name, ms: lastMs(join(folder, name)) }));
  const elapsedMs = Math.max(0, ...lasts.map(({ ms }) => ms));
  // Reading the books of payments took time after the load had ended.
  const loadMs = Math.max(0, ...lasts.filter(({ name }) => !name.startsWith('observations.ledger')).map(({ ms }) => ms));
  const events = runEvents(folder);
  const last = events.at(-1);
  if (last?.event === 'completed' || events.some((one) => one.event === 'stopped')) {
    throw new CodedError('J_RESUME', [{ where: folder, message: 'this run came to its end' }]);
  }
  const entered = events.findLast((one) => one.event === 'phase');
  const index = plan.phases.findIndex((phase) => phase.name === entered?.detail);
  if (!entered || index < 0) throw new CodedError('J_RESUME', [{ where: folder, message: 'no phase had begun' }]);
  // A phase may itself have been resumed before: what it had done by then lies before its last event.
  const first = events.find((one) => one.event === 'phase' && one.detail === entered.detail) ?? entered;
  const doneS = (loadMs - first.tMs) / 1_000;
  const segment = 2 + events.filter((one) => one.event === 'resumed').length;
  return { plan, elapsedMs, segment, phase: { index, doneS } };
}

/**
 * Returns the phases that are left, from two equally long lists: the plan's, and the same in Artillery's form. The first one
 * is shortened by what is over; one of which less than a second is left is over.
 */
export function remainingPhases(
  phases: readonly Phase[], raw: readonly object[], at: Resumption['phase'],
): { phases: Phase[]; raw: object[] } {
  const current = phases[at.index];
  const leftS = current ? Math.floor(current.durationS - at.doneS) : 0;
  const later = { phases: phases.slice(at.index + 1), raw: raw.slice(at.index + 1) };
  if (!current || leftS < 1) return later;
  const share = leftS / current.durationS;
  const counts = {
    ...(current.arrivalCount === null ? {} : { arrivalCount: Math.round(current.arrivalCount * share) }),
    // A ramp goes on from where it was.
    ...(current.rampTo === null || current.arrivalRate === null
      ? {} : { arrivalRate: Math.round(current.rampTo - (current.rampTo - current.arrivalRate) * share) }),
  };
  return {
    phases: [{ ...current, durationS: leftS, ...counts }, ...later.phases],
    raw: [{ ...raw[at.index], ...(current.pause ? { pause: leftS } : { duration: leftS }), ...counts }, ...later.raw],
  };
}

function readPlan(folder: string): Plan {
  const path = join(folder, 'plan.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new CodedError('J_RUN_NOT_FOUND', [{ where: path, message: code }], { cause: error });
  }
  try {
    return Plan.parse(JSON.parse(text));
  } catch (error) {
    throw new CodedError('J_RUN_UNREADABLE', [{ where: path, message: 'not a whole plan of this version' }], { cause: error });
  }
}

type RunEvent = Extract<Observation, { kind: 'run' }>;

function runEvents(folder: string): RunEvent[] {
  let text = '';
  try {
    text = readFileSync(join(folder, 'observations.main.ndjson'), 'utf8');
  } catch {
    // Nothing was recorded: the caller finds no phase.
  }
  return text.split('\n').flatMap((line): RunEvent[] => {
    const one = line === '' ? null : Observation.safeParse(parsed(line)).data;
    return one?.kind === 'run' ? [one] : [];
  });
}

/** Returns the time of a file's last whole line, and ends the file there. Lines of other moments may be a little out of order. */
function lastMs(path: string): number {
  const file = openSync(path, 'r+');
  try {
    const { size } = fstatSync(file);
    const from = Math.max(0, size - TAIL_BYTES);
    const bytes = Buffer.alloc(size - from);
    readSync(file, bytes, 0, bytes.length, from);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (from + end < size) ftruncateSync(file, from + end);
    const lines = bytes.subarray(0, end).toString('utf8').trimEnd().split('\n').slice(-50);
    return Math.max(0, ...lines.map((line) => (parsed(line) as { tMs?: number } | null)?.tMs ?? 0));
  } finally {
    closeSync(file);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
