import { validateHeaderName, validateHeaderValue, type IncomingHttpHeaders } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import { failureClass } from './failures.ts';

/** What goes over the line. */
export interface Outgoing {
  method: Dispatcher.HttpMethod;
  /** Percent-encoded, with its query string. */
  path: string;
  headers: Record<string, string>;
  body: string | null;
  /** Whether the answer's body is wanted; it is read to its end in any case. */
  keepBody: boolean;
  /** Headers of the answer that are wanted, in lower case; none when left out. */
  keepHeaders?: readonly string[];
}

/** What came of a request. Times are those of the sender's clock. */
export interface Answer {
  /** Null where no whole answer came. */
  status: number | null;
  /** The class of the failure; null for every whole answer, whatever its status. */
  failure: string | null;
  /** When it went out on its connection; null where it never did. */
  leftMs: number | null;
  endedMs: number;
  body: Buffer | null;
  /** Those that were wanted and came, of a whole answer. */
  headers: Record<string, string>;
}

export interface SenderOptions {
  origin: string;
  connections: number;
  timeoutMs: number;
  nowMs: () => number;
}

/** More than any API answers; a target that streams without end must not fill the generator's memory. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Requests in hand for each connection. Beyond it they would only wait here: a queue nobody sees. */
const IN_HAND_A_CONNECTION = 50;
const INVALID = Object.assign(new Error('invalid request'), { code: 'UND_ERR_INVALID_ARG' });
const TIMED_OUT = new Error('timed out');
const TOO_LARGE = new Error('too large');

/**
 * Sends requests over a bounded number of kept-alive HTTP/1.1 connections, one request at a time on each, as browsers do.
 * Redirects are answers. On undici's dispatcher, the layer below its `request`: no stream and no promise a request, which
 * halves what one costs.
 */
export class Sender {
  readonly #pool: Pool;
  readonly #options: SenderOptions;
  readonly #limit: number;
  #inHand = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#limit = options.connections * IN_HAND_A_CONNECTION;
    this.#pool = new Pool(options.origin, {
      connections: options.connections,
      pipelining: 1,
      allowH2: false,
      // A request's time runs from when it was handed over, waiting for a connection included: one timer, our own.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: options.timeoutMs },
    });
  }

  /** No more requests can be taken on at present. */
  get full(): boolean {
    return this.#inHand >= this.#limit;
  }

  /** Requests that the connections have not let go of. */
  get inHand(): number {
    return this.#inHand;
  }

  /** Sends a request; `ended` is called exactly once, also where it never leaves. */
  send(outgoing: Outgoing, ended: (answer: Answer) => void): void {
    this.#inHand += 1;
    const exchange = new Exchange(outgoing, this.#options, ended, () => (this.#inHand -= 1));
    const { method, path, headers, body } = outgoing;
    const fault = faultOf(outgoing);
    if (fault) exchange.fail(fault);
    else this.#pool.dispatch({ method, path, headers, body }, exchange);
  }

  /** Closes every connection, whatever is under way. */
  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}

const CONNECTION_HEADERS = new Set(['connection', 'content-length', 'expect', 'keep-alive', 'transfer-encoding', 'upgrade']);

/**
 * Returns why a request cannot be written; null where it can. undici (8.12) would refuse it too, but its pool then takes the
 * connection for busy for good.
 */
function faultOf({ path, headers }: Outgoing): Error | null {
  if (!/^\/[\x21-\x7e]*$/.test(path)) return INVALID;
  for (const name of Object.keys(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, headers[name] ?? '');
    } catch {
      return INVALID;
    }
    if (CONNECTION_HEADERS.has(name.toLowerCase())) return INVALID;
  }
  return null;
}

/** One request and its answer, as undici's handler. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #keepBody: boolean;
  readonly #keepHeaders: readonly string[];
  readonly #nowMs: () => number;
  readonly #ended: (answer: Answer) => void;
  readonly #released: () => void;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | null = null;
  #status: number | null = null;
  #headers: Record<string, string> = {};
  #leftMs: number | null = null;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** The answer has been given. */
  #over = false;
  /** The connection has let go of it. */
  #let = false;

  constructor(
    { keepBody, keepHeaders = [] }: Outgoing, { timeoutMs, nowMs }: SenderOptions, ended: (answer: Answer) => void, released: () => void,
  ) {
    this.#keepBody = keepBody;
    this.#keepHeaders = keepHeaders;
    this.#nowMs = nowMs;
    this.#ended = ended;
    this.#released = released;
    this.#timer = setTimeout(() => this.#cut(TIMED_OUT, 'timeout'), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // It timed out while it waited for a connection, and must not leave any more. An abort would close the connection, too.
    if (this.#over) throw TIMED_OUT;
    this.#controller = controller;
    this.#leftMs = this.#nowMs();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    this.#status = statusCode;
    for (const name of this.#keepHeaders) {
      const value = headers[name];
      if (value !== undefined) this.#headers[name] = String(value);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_BODY_BYTES) this.#cut(TOO_LARGE, 'answer over 10 MB');
    else if (this.#keepBody && !this.#over) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#release();
    this.#end(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  fail(error: Error): void {
    this.#release();
    this.#end(failureClass(error, this.#status !== null));
  }

  /** Ends it from this side. What still waits for a connection cannot be taken back: it is dropped when its turn comes. */
  #cut(reason: Error, failure: string): void {
    this.#end(failure);
    this.#controller?.abort(reason);
  }

  #release(): void {
    if (this.#let) return;
    this.#let = true;
    this.#released();
  }

  #end(failure: string | null): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    const body = failure === null && this.#keepBody ? Buffer.concat(this.#chunks) : null;
    this.#chunks = [];
    this.#ended({ status: failure === null ? this.#status : null, failure, leftMs: this.#leftMs, endedMs: this.#nowMs(), body, headers: failure === null ? this.#headers : {} });
  }
}
