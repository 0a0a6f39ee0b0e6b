import { z } from 'zod';
import { fetchBounded, NoPage, type Bounds } from './bounded-fetch.ts';
import { numberOf } from './exposition.ts';
import { nothing, valued, type Reading } from './reading.ts';

/** An answer holds one value, or the points of one series: nothing near this. */
const LARGEST_ANSWER_BYTES = 20 * 1024 ** 2;
const LONGEST_MESSAGE = 200;

const Point = z.tuple([z.number(), z.string()]);
const Answer = z.discriminatedUnion('status', [
  z.object({ status: z.literal('error'), error: z.string() }),
  z.object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('scalar'), result: Point }),
      z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: Point.optional() })) }),
      z.object({ resultType: z.literal('matrix'), result: z.array(z.object({ values: z.array(Point).optional() })) }),
      z.object({ resultType: z.literal('string'), result: z.unknown() }),
    ]),
  }),
]);
type Data = Extract<z.infer<typeof Answer>, { status: 'success' }>['data'];

export type Limits = Omit<Bounds, 'maxBytes'>;

/** Times to evaluate an expression at (epoch). */
export interface Steps {
  fromMs: number;
  toMs: number;
  stepMs: number;
}

/** Asks a Prometheus server (HTTP API v1). User and password may stand in its address. */
export class PrometheusServer {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url.endsWith('/') ? url : `${url}/`;
  }

  /** Returns the one value of a PromQL expression now. Never throws: what cannot be had is missing, with the reason. */
  async value(promql: string, scale: number, limits: Limits): Promise<Reading> {
    try {
      const data = await this.#ask('query', { query: promql }, limits);
      if (data.resultType === 'scalar') return pointReading(data.result, scale);
      if (data.resultType === 'matrix') return nothing('PromQL gives a range, not a value');
      if (data.resultType === 'string') return nothing('PromQL gives a string, not a value');
      const [first, ...others] = data.result;
      // As Prometheus has it, a series without a sample in the last five minutes is absent.
      if (!first) return nothing('not exposed: no series, or none in the last 5 minutes');
      if (others.length > 0) {
        return nothing(`PromQL gives ${others.length + 1} series, not one: put them together, with sum() say`);
      }
      return first.value ? pointReading(first.value, scale) : nothing('PromQL gives a native histogram, not a value');
    } catch (error) {
      return noReading(error);
    }
  }

  /** Returns the server's own time (epoch). Throws NoPage. */
  async clockMs(limits: Limits): Promise<number> {
    const data = await this.#ask('query', { query: 'time()' }, limits);
    if (data.resultType !== 'scalar') throw new NoPage('not a Prometheus answer', false);
    return data.result[0] * 1_000;
  }

  /**
   * Returns the values of an expression from one time to another (epoch, on the server's clock), by time; where it had
   * none there is no entry. Several series give nothing. Throws NoPage.
   */
  async range(promql: string, steps: Steps, scale: number, limits: Limits): Promise<Map<number, number>> {
    const seconds = (ms: number): string => String(ms / 1_000);
    const { fromMs, toMs, stepMs } = steps;
    const form = { query: promql, start: seconds(fromMs), end: seconds(toMs), step: seconds(stepMs) };
    const data = await this.#ask('query_range', form, limits);
    const values = new Map<number, number>();
    if (data.resultType !== 'matrix' || data.result.length !== 1) return values;
    for (const point of data.result[0]?.values ?? []) {
      const { value } = pointReading(point, scale);
      if (value !== null) values.set(point[0] * 1_000, value);
    }
    return values;
  }

  async #ask(path: string, form: Record<string, string>, limits: Limits): Promise<Data> {
    let body = '';
    const url = `${this.#url}api/v1/${path}`;
    const { status, host } = await fetchBounded(
      { url, accept: 'application/json', form }, { ...limits, maxBytes: LARGEST_ANSWER_BYTES }, (text) => {
        body += text;
      },
    );
    const answer = Answer.safeParse(json(body)).data;
    if (answer?.status === 'success') return answer.data;
    const unanswered = status >= 500;
    if (answer) throw new NoPage(`PromQL error: ${shorten(answer.error)}`, unanswered);
    const what = status === 200 ? `${status}, and something else` : status;
    throw new NoPage(`not a Prometheus answer: ${host} answers ${what}`, unanswered);
  }
}

/** Returns an error of asking as a reading. */
function noReading(error: unknown): Reading {
  if (!(error instanceof NoPage)) return nothing(`not a Prometheus answer: ${(error as Error).message}`);
  return { ...nothing(error.message), ...(error.unanswered ? { unanswered: true } : {}) };
}

function pointReading([, written]: z.infer<typeof Point>, scale: number): Reading {
  return valued(numberOf(written) ?? Number.NaN, scale);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}
