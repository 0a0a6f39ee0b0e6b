import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Services } from '../app.ts';
import { requireUser } from '../auth.ts';
import { AppError } from '../errors.ts';
import { MAX_INTENTS } from '../funding.ts';
import { MAX_FILE_BYTES, readCsvRows, readJsonRows } from '../listing-rows.ts';
import type { ReadRows } from '../listing-rows.ts';
import { createListingQuery, intentId, skillSchema } from './schemas.ts';
import type { ListingSearch } from './schemas.ts';

const searchSchema = {
  type: 'object',
  properties: {
    q: { type: 'string', maxLength: 100 }, skill: skillSchema, mine: { type: 'string', enum: ['true', 'false'] },
    limit: { type: 'integer', minimum: 1, maximum: 100 },
    before: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
  },
};
const verifySchema = {
  type: 'object', required: ['intentIds'],
  properties: { intentIds: { type: 'array', minItems: 1, maxItems: MAX_INTENTS, uniqueItems: true, items: intentId } },
};

/** Reads the whole of a sync. Throws 400 INVALID_FILE where it is none at all. */
function readRows(body: unknown): ReadRows {
  try {
    return Buffer.isBuffer(body) ? readCsvRows(body) : readJsonRows(body);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AppError(400, 'INVALID_FILE', `These are no listings that we can read: ${error.message}.`);
  }
}

/** What provider accounts do: keep their listings in step, search, and see that their work is paid for. */
export function listingsApi(app: FastifyInstance, { db, listings, uploads, funding }: Services): void {
  async function sync(request: FastifyRequest, reply: FastifyReply): Promise<object> {
    const user = await requireUser(db, request);
    const { rows, faults } = readRows(request.body);
    if (rows.length === 0) {
      void reply.code(422);
      const message = 'No listing can be taken; each row says why.';
      return { error: { code: 'NO_VALID_ROWS', message, faults }, requestId: request.id };
    }
    // The file first: without it a sync could not be looked up later.
    const { body } = request;
    const file = Buffer.isBuffer(body) ? await uploads.keep(user.id, body, 'text/csv', 'csv')
      : await uploads.keep(user.id, Buffer.from(JSON.stringify(body)), 'application/json', 'json');
    const counts = await listings.sync(user.id, rows);
    const later = file.state === 'waiting';
    return {
      sync: { received: rows.length + faults.length, ...counts, rejected: faults.length }, faults, file,
      message: later ? 'We will upload your file later; your listings are saved.' : null,
    };
  }

  void app.register(async (scope) => {
    scope.addContentTypeParser('text/csv', { parseAs: 'buffer', bodyLimit: MAX_FILE_BYTES },
      (_request, body, done) => done(null, body));
    // Before a large body is read.
    scope.addHook('onRequest', async (request) => void await requireUser(db, request));
    scope.post('/api/v1/listings/sync', { bodyLimit: MAX_FILE_BYTES }, sync);
  });

  app.get<{ Querystring: ListingSearch }>('/api/v1/listings', { schema: { querystring: searchSchema } },
    async (request) => {
      const mine = request.query.mine === 'true';
      const userId = mine ? (await requireUser(db, request)).id : null;
      return listings.search(createListingQuery(request.query, userId));
    });

  app.post<{ Body: { intentIds: string[] } }>('/api/v1/funding/verify', { schema: { body: verifySchema } },
    async (request) => {
      const user = await requireUser(db, request);
      const results = await funding.verify(user.id, request.body.intentIds);
      const away = results.some(({ status }) => status === 'unknown');
      return {
        results,
        message: away ? 'The payment provider does not answer; please verify the rest later.' : null,
      };
    });
}
