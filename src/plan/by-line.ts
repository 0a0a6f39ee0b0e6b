import type { Fault } from '../errors.ts';

/** Orders faults by the line and column of their place; those without one come first. */
export function byLine(a: Fault, b: Fault): number {
  const place = (fault: Fault): number[] => /:(\d+):(\d+)/.exec(fault.where)?.slice(1).map(Number) ?? [0, 0];
  const [lineA = 0, columnA = 0] = place(a);
  const [lineB = 0, columnB = 0] = place(b);
  return lineA - lineB || columnA - columnB;
}
