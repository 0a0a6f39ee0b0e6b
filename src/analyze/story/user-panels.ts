import type { JourneyObservation, Role, Track } from '../../model/index.ts';
import { isError } from '../series.ts';
import type { PanelMaker } from './latency-panels.ts';
import { Slots, panelOf, trackOf } from './slots.ts';
import type { Grid } from './slots.ts';

/** In the order in which they are stacked. `degraded`: passed, with a fallback in place of the real thing. */
const ENDINGS = ['passed', 'degraded', 'failed', 'timeout', 'crashed', 'dropped', 'interrupted'] as const;
type Ending = (typeof ENDINGS)[number];

interface Cell {
  ended: Record<Ending, number>;
  /** Users that say something of the target, and those of them that failed. */
  trials: number;
  errors: number;
  requests: number;
  failedRequests: number;
}

/** How long users of each role were under way, in ms. */
type Time = Record<Role, number>;

const ROLES = [{ id: 'observer', title: 'observers' }, { id: 'crowd', title: 'crowd' }] as const;
const noTime = (): Time => ({ observer: 0, crowd: 0 });

function emptyCell(): Cell {
  return {
    ended: { passed: 0, degraded: 0, failed: 0, timeout: 0, crashed: 0, dropped: 0, interrupted: 0 },
    trials: 0, errors: 0, requests: 0, failedRequests: 0,
  };
}

function merge(into: Cell, from: Cell): void {
  for (const ending of ENDINGS) into.ended[ending] += from.ended[ending];
  into.trials += from.trials;
  into.errors += from.errors;
  into.requests += from.requests;
  into.failedRequests += from.failedRequests;
}

function endingOf({ outcome, degraded }: JourneyObservation): Ending {
  return outcome === 'passed' && degraded !== undefined ? 'degraded' : outcome;
}

/** What became of users and of their requests over time; observers and crowd alike. */
export function createUserPanels(): PanelMaker {
  const cells = new Slots<Cell>(emptyCell, merge);
  const times = new Slots<Time>(noTime, (into, from) => {
    into.observer += from.observer;
    into.crowd += from.crowd;
  });
  return {
    add(one) {
      if (one.kind === 'request') {
        const cell = cells.at(one.tMs);
        // Refused with 429 is neither an error nor a success, as in the record's rates.
        if (one.status === 429) return;
        cell.requests += 1;
        if (one.status === null || one.status >= 400) cell.failedRequests += 1;
      }
      if (one.kind !== 'journey') return;
      const cell = cells.at(one.tMs);
      cell.ended[endingOf(one)] += 1;
      // Turned away for a third party's budget is the plan's own doing.
      if (one.outcome !== 'interrupted' && one.budget === undefined) {
        cell.trials += 1;
        if (isError(one.outcome)) cell.errors += 1;
      }
      times.spread(one.startedMs, one.tMs, (time, ms) => {
        time[one.role] += ms;
      });
    },
    panels(grid) {
      const settled = cells.settle(grid);
      const came = ENDINGS.filter((ending) => settled.some((cell) => (cell?.ended[ending] ?? 0) > 0));
      const counted = came.length === 0 ? [] : withZeros(settled, grid, emptyCell);
      const users = times.settle(grid);
      const roles = ROLES.filter(({ id }) => users.some((time) => (time?.[id] ?? 0) > 0));
      const share = (id: string, events: (cell: Cell) => number, n: (cell: Cell) => number): Track | null =>
        trackOf({ id, title: `${id} that failed` }, settled,
          (cell) => (n(cell) === 0 ? null : (100 * events(cell)) / n(cell)), n);
      return [
        ...panelOf({ id: 'journeys', title: 'Journeys by outcome', unit: '1/s' }, came.map((ending) =>
          trackOf({ id: ending, title: ending }, counted,
            (cell, index) => (1_000 * cell.ended[ending]) / grid.coveredMs(index), (cell) => cell.ended[ending]))),
        ...panelOf({ id: 'users', title: 'Users under way', unit: 'users' }, roles.map((role) =>
          trackOf(role, withZeros(users, grid, noTime), (time, index) => time[role.id] / grid.coveredMs(index), null))),
        ...panelOf({ id: 'errors', title: 'Errors of users', unit: '%' }, [
          share('journeys', ({ errors }) => errors, ({ trials }) => trials),
          share('requests', ({ failedRequests }) => failedRequests, ({ requests }) => requests),
        ]),
      ];
    },
  };
}

/** In a slot of which something is known, nobody is zero users; in one of which nothing is, it is unknown. */
function withZeros<T extends object>(slots: readonly (T | undefined)[], grid: Grid, zero: () => T): (T | undefined)[] {
  return slots.map((slot, index) => slot ?? (grid.seen(index) ? zero() : undefined));
}
