import type { FastifyInstance } from 'fastify';
import type { Services } from '../app.ts';
import { requireUser } from '../auth.ts';
import { layout, sendPage } from '../pages/layout.ts';
import { listingsPage } from '../pages/listings.ts';
import { createListingQuery } from './schemas.ts';

const CARDS = 24;

interface PageQuery {
  q?: string;
  scope?: string;
  before?: string;
}

/** The page of provider accounts. */
export function listingPages(app: FastifyInstance, { db, listings, funding }: Services): void {
  app.get<{ Querystring: PageQuery }>('/provider/listings', {
    schema: {
      querystring: {
        type: 'object', properties: { q: { type: 'string' }, scope: { type: 'string' }, before: { type: 'string' } },
      },
    },
  }, async (request, reply) => {
    const user = await requireUser(db, request);
    const q = (request.query.q ?? '').slice(0, 100);
    const scope = request.query.scope === 'all' ? 'all' : 'mine';
    // What people make of an address is no fault worth an error page: it is the first page then.
    const before = /^\d{1,15}$/.test(request.query.before ?? '') ? Number(request.query.before) : null;
    const query = createListingQuery({ q, limit: CARDS }, scope === 'mine' ? user.id : null);
    const found = await listings.search({ ...query, before });
    const orders = funding.orders(user.id);
    return sendPage(reply, () =>
      layout('Listings', user, listingsPage({ ...found, q, scope, later: before !== null, orders })));
  });
}
