/** A refusal the caller can act on: an HTTP status, a stable code and a sentence for people. */
export class AppError extends Error {
  readonly status: number;
  readonly code: string;
  readonly extra: Record<string, unknown>;
  /** When asking again may help. */
  readonly retryAfterSeconds: number | null;
  constructor(
    status: number, code: string, message: string, extra: Record<string, unknown> = {},
    retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.extra = extra;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** For people: the validator's "body/password must …" without its path syntax. */
export const invalidInput = (message: string): AppError =>
  new AppError(400, 'INVALID_INPUT', message.replace(/^(?:body|querystring|params)[/ ]/, ''));

export const notFound = (what: string): AppError => new AppError(404, 'NOT_FOUND', `There is no such ${what}.`);
