import { OBSERVATION_VERSION, type ApiObservation, type ShapedArrivals } from '../../model/index.ts';
import { Bins } from './bins.ts';
import type { Waited } from './lane-budget.ts';

/** A phase as the lane runs it: when it began, and when it is to end or was ended. */
export interface LanePhase {
  name: string;
  beginMs: number;
  endMs: number;
}

/** One route's requests in one window. */
export interface Cell {
  readonly scenario: string;
  readonly route: string;
  scheduled: number;
  sent: number;
  late: number;
  maxLateMs: number;
  ok: number;
  readonly failed: Map<string, number>;
  /** Null where no arrival waited for a third party. */
  shaped: ShapedArrivals | null;
  /** Sent and not ended yet. */
  open: number;
  readonly latency: Bins;
  readonly service: Bins;
}

interface Window {
  readonly phase: LanePhase;
  readonly startMs: number;
  /** Due after its phase had ended: the later requests of its last flows. */
  readonly after: boolean;
  readonly cells: Map<string, Cell>;
}

export interface WindowsOptions {
  runId: string;
  windowMs: number;
  timeoutMs: number;
  /** Takes a finished window's line. */
  record: (observation: ApiObservation) => void;
}

/**
 * Counts requests by the window in which they were due. Windows begin at whole multiples of their length from the run's
 * start, so that those of several threads merge, and are cut at a phase's ends, so that each belongs to one phase. One is
 * handed on as soon as nothing more can be due in it and nothing due in it is open: a kill loses little.
 */
export class Windows {
  readonly #options: WindowsOptions;
  readonly #windows = new Map<string, Window>();

  constructor(options: WindowsOptions) {
    this.#options = options;
  }

  /** Returns where a request is counted that was due at a time, in a flow that arrived in a phase. */
  cell(phase: LanePhase, dueMs: number, scenario: string, route: string): Cell {
    const startMs = Math.floor(dueMs / this.#options.windowMs) * this.#options.windowMs;
    const after = dueMs >= phase.endMs;
    const id = `${phase.beginMs}/${startMs}/${after}`;
    let window = this.#windows.get(id);
    if (!window) this.#windows.set(id, (window = { phase, startMs, after, cells: new Map() }));
    const key = `${scenario}\n${route}`;
    let cell = window.cells.get(key);
    if (!cell) {
      cell = {
        scenario, route, scheduled: 0, sent: 0, late: 0, maxLateMs: 0, ok: 0, failed: new Map(), shaped: null, open: 0,
        latency: new Bins(), service: new Bins(),
      };
      window.cells.set(key, cell);
    }
    return cell;
  }

  /** Hands on the windows that are complete when nothing due before `passedMs` can come any more. */
  flush(passedMs: number): void {
    for (const [id, window] of this.#windows) {
      if (window.startMs + this.#options.windowMs > passedMs) continue;
      let open = 0;
      for (const cell of window.cells.values()) open += cell.open;
      if (open === 0) this.#hand(id, window, passedMs);
    }
  }

  /** Returns up to when all windows have been handed on, given that nothing due before `nowMs` can come any more. */
  passedMs(nowMs: number): number {
    let passed = nowMs;
    for (const { startMs } of this.#windows.values()) passed = Math.min(passed, startMs);
    return passed;
  }

  /** Hands on everything at the end of the run; what is open stays unfinished. */
  close(atMs: number): void {
    for (const [id, window] of this.#windows) this.#hand(id, window, atMs);
  }

  #hand(id: string, window: Window, atMs: number): void {
    this.#windows.delete(id);
    const { phase, startMs, after } = window;
    const { windowMs, timeoutMs, runId, record } = this.#options;
    const [fromMs, toMs] = after
      ? [Math.max(startMs, phase.endMs), startMs + windowMs]
      : [Math.max(startMs, phase.beginMs), Math.min(startMs + windowMs, phase.endMs)];
    for (const cell of window.cells.values()) {
      record({
        v: OBSERVATION_VERSION, kind: 'api', runId, tMs: tenth(atMs), phase: phase.name, vu: null, journey: null,
        scenario: cell.scenario, route: cell.route, fromMs: tenth(fromMs), toMs: tenth(toMs),
        scheduled: cell.scheduled, sent: cell.sent, late: cell.late, maxLateMs: tenth(cell.maxLateMs), ok: cell.ok,
        failed: Object.fromEntries(cell.failed), unfinished: cell.open, ...(cell.shaped ? { shaped: cell.shaped } : {}), timeoutMs,
        latency: cell.latency.toJSON(), service: cell.service.toJSON(),
      });
    }
  }
}

function tenth(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Adds one to the count of a failure's class. */
export function countFailure(cell: Cell, failure: string): void {
  cell.failed.set(failure, (cell.failed.get(failure) ?? 0) + 1);
}

/** Counts an arrival that waited for a third party. */
export function countWait(cell: Cell, { budget, waitMs }: Waited): void {
  cell.shaped ??= {};
  const shaped = (cell.shaped[budget] ??= { count: 0, maxWaitMs: 0 });
  shaped.count += 1;
  shaped.maxWaitMs = Math.max(shaped.maxWaitMs, tenth(waitMs));
}
