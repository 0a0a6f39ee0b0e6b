import { createReadStream } from 'node:fs';
import type { z } from 'zod';
import { CodedError } from '../errors.ts';
import { TrafficHeader, TrafficRow } from '../model/index.ts';
import { bytesOf } from './import/bytes.ts';
import { linesOf, type Line } from './import/lines.ts';

/** A traffic fixture: its header, and its rows in batches, in the order of time. */
export interface Traffic {
  header: TrafficHeader;
  rows: AsyncGenerator<TrafficRow[]>;
}

/**
 * Opens a traffic fixture (gzipped or not) and reads its header; rows are checked as they are taken.
 * Throws J_TRAFFIC_INVALID with the line, from here or from the rows.
 */
export async function readTraffic(path: string): Promise<Traffic> {
  const damage: string[] = [];
  const batches = linesOf(bytesOf(createReadStream(path), (what) => damage.push(what)));
  let line = 0;
  const invalid = (message: string, at = line): CodedError =>
    new CodedError('J_TRAFFIC_INVALID', [{ where: `${path}:${at}`, message }]);
  const take = async (): Promise<Line[] | null> => {
    try {
      const next = await batches.next();
      return next.done ? null : next.value;
    } catch (thrown) {
      throw new CodedError('J_TRAFFIC_INVALID', [{ where: path, message: (thrown as Error).message }], { cause: thrown });
    }
  };
  const parse = <T>(schema: z.ZodType<T>, text: Line | undefined, what: string): T => {
    line += 1;
    try {
      return schema.parse(JSON.parse(typeof text === 'string' ? text : ''));
    } catch (thrown) {
      throw new CodedError('J_TRAFFIC_INVALID', [{ where: `${path}:${line}`, message: `is no ${what}` }], { cause: thrown });
    }
  };
  const first = await take();
  const header = parse(TrafficHeader, first?.shift(), 'header of a traffic fixture of this version');

  async function* rows(): AsyncGenerator<TrafficRow[]> {
    let lastMs = 0;
    let count = 0;
    try {
      for (let batch = first; batch !== null; batch = await take()) {
        const parsed = batch.map((text) => {
          const row = parse(TrafficRow, text, 'row of a traffic fixture');
          if (row.t < lastMs) throw invalid('is earlier than the row above it: rows stand in the order of time');
          lastMs = row.t;
          return row;
        });
        count += parsed.length;
        yield parsed;
      }
    } finally {
      await batches.return(undefined);
    }
    if (damage.length > 0) throw invalid(damage.join('; '));
    if (count !== header.requests) throw invalid(`is the last of ${count} rows; the header says ${header.requests}`);
  }
  return { header, rows: rows() };
}
