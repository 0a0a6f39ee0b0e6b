/** Requests of this class and those that begin with it never left: the generator's doing, or the plan's. */
export const NOT_SENT = 'not sent';
export const TOO_MANY_IN_FLIGHT = `${NOT_SENT}: too many in flight`;
export const BAD_ANSWER = 'bad answer';

const CLASSES: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  UND_ERR_SOCKET: 'connection reset',
  UND_ERR_DESTROYED: 'connection reset',
  UND_ERR_CLOSED: 'connection reset',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name not found',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'no route to host',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  EADDRNOTAVAIL: 'no local port left',
  UND_ERR_HEADERS_OVERFLOW: BAD_ANSWER,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: BAD_ANSWER,
  UND_ERR_INVALID_ARG: 'invalid request',
};

/**
 * Returns the class of a failure: few and fixed, since each is a count of its own in every window. `begun`: an answer had
 * begun, so that what the parser did not understand was the answer.
 */
export function failureClass(error: unknown, begun: boolean): string {
  for (let at = error as ErrorLike | undefined, depth = 0; at && depth < 5; at = at.errors?.[0] ?? at.cause, depth += 1) {
    const known = at.code === undefined ? undefined : CLASSES[at.code];
    if (known !== undefined) return known;
    if (at.code?.startsWith('HPE_') || at.name === 'HTTPParserError') return BAD_ANSWER;
    if (/^(?:CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(at.code ?? '')) return 'TLS refused';
  }
  return begun ? BAD_ANSWER : 'connection failed';
}

interface ErrorLike {
  code?: string;
  name?: string;
  cause?: ErrorLike;
  /** Of an AggregateError: every address of the name was tried. */
  errors?: ErrorLike[];
}
