import type { FastifyInstance } from 'fastify';
import type { Services } from '../app.ts';
import { currentUser } from '../auth.ts';
import { createCache } from '../cache.ts';
import { requestContext } from '../context.ts';
import type { RequestContext } from '../context.ts';
import { notFound } from '../errors.ts';
import type { Html } from '../html.ts';
import { layout, sendPage } from '../pages/layout.ts';
import { creatorPage, homePage, landingPage, searchPage } from '../pages/market.ts';
import { createCreatorQuery } from './schemas.ts';
import type { CreatorSearch } from './schemas.ts';

/** Marketplace, search, landing and creator pages. */
export function marketPages(app: FastifyInstance, { db, catalog, flags }: Services): void {
  const fragments = createCache<Html>('page_fragments', { maxEntries: 200, lifeMs: 30_000 }, flags);

  /** Says in Server-Timing whether it had to be made. */
  const fragment = (key: string, make: () => Html): Html => {
    let cache: RequestContext['cache'] = 'hit';
    const main = fragments.get(key, () => {
      cache = 'miss';
      return make();
    });
    const seen = requestContext.getStore();
    if (seen) seen.cache = cache;
    return main;
  };

  app.get('/', async (request, reply) => {
    const user = await currentUser(db, request);
    const { creators } = await catalog.search(createCreatorQuery({ verified: 'true', limit: 9 }));
    return sendPage(reply, () =>
      layout('AI creators, backed by escrow', user, fragment('/', () => homePage(creators))));
  });

  app.get<{ Querystring: CreatorSearch }>('/search', {
    schema: {
      querystring: {
        type: 'object', properties: { q: { type: 'string' }, skill: { type: 'string' }, verified: { type: 'string' } },
      },
    },
  }, async (request, reply) => {
    const user = await currentUser(db, request);
    const query = createCreatorQuery({ ...request.query, q: (request.query.q ?? '').slice(0, 100), limit: 24 });
    const found = await catalog.search(query);
    return sendPage(reply, () => layout('Search', user, searchPage({ ...query, ...found })));
  });

  app.get<{ Params: { slug: string } }>('/find/:slug', async (request, reply) => {
    const user = await currentUser(db, request);
    const page = catalog.landing(request.params.slug);
    if (!page) throw notFound('page');
    const lowest = page.creators.length === 0 ? null : Math.min(...page.creators.map(({ rateCents }) => rateCents));
    return sendPage(reply, () => layout(page.title, user, fragment(page.slug, () => landingPage(page, lowest))));
  });

  app.get<{ Params: { id: string } }>('/creators/:id', async (request, reply) => {
    const user = await currentUser(db, request);
    const creator = /^\d{1,9}$/.test(request.params.id) ? catalog.creator(Number(request.params.id)) : null;
    if (!creator) throw notFound('creator');
    return sendPage(reply, () => layout(creator.name, user, creatorPage(creator)));
  });
}
