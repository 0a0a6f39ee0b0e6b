import type { FastifyRequest } from 'fastify';
import type { PartConfig } from '../shared/part.ts';
import { showsToken } from '../shared/token.ts';
import { AppError } from './errors.ts';

/** Lets only those go on who show the operations token. Throws 401 without one, 403 with another. */
export function requireOperator(
  { headers: { authorization } }: Pick<FastifyRequest, 'headers'>, { operationsToken }: Pick<PartConfig, 'operationsToken'>,
): void {
  if (authorization === undefined) {
    throw new AppError(401, 'TOKEN_REQUIRED', 'Send Authorization: Bearer <operations token>.');
  }
  if (!showsToken(authorization, operationsToken)) {
    throw new AppError(403, 'FORBIDDEN', 'This token opens nothing here.');
  }
}
