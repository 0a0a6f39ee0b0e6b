import { join } from 'node:path';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import jwt from '@fastify/jwt';
import Fastify, { LogController } from 'fastify';
import type { FastifyError, FastifyInstance } from 'fastify';
import type { PartConfig } from '../shared/part.ts';
import { SESSION_COOKIE } from './auth.ts';
import { createCatalog } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import { openDb } from './db.ts';
import type { Db } from './db.ts';
import { AppError, invalidInput } from './errors.ts';
import { createEscrow } from './escrow.ts';
import type { EscrowService } from './escrow.ts';
import { plantFaults } from './faults.ts';
import { createFlags } from './flags.ts';
import type { Flags } from './flags.ts';
import { createFunding } from './funding.ts';
import type { Funding } from './funding.ts';
import { createListings } from './listings.ts';
import type { Listings } from './listings.ts';
import { trackLoad } from './load.ts';
import type { Load } from './load.ts';
import { observeRequests, requestIdOf } from './observe.ts';
import { errorPage } from './pages/account.ts';
import { manifest } from './manifest.ts';
import { createMoney } from './money-parts.ts';
import type { Money } from './money-parts.ts';
import { createProvider } from './provider.ts';
import { createReplica } from './replica.ts';
import { accountPages } from './routes/account-pages.ts';
import { api } from './routes/api.ts';
import { listingPages } from './routes/listing-pages.ts';
import { listingsApi } from './routes/listings-api.ts';
import { marketPages } from './routes/market-pages.ts';
import { moneyAndAgentApi } from './routes/money-agent-api.ts';
import { operations } from './routes/operations.ts';
import { operationsApi } from './routes/operations-api.ts';
import { projectPages } from './routes/project-pages.ts';
import { testRunsApi } from './routes/test-runs-api.ts';
import { createTasks } from './tasks.ts';
import type { TaskService } from './tasks.ts';
import { createUploads } from './uploads.ts';
import type { Uploads } from './uploads.ts';
import { webhooks } from './webhooks.ts';

/** What routes work with. */
export interface Services {
  config: PartConfig;
  db: Db;
  catalog: Catalog;
  money: Money;
  escrow: EscrowService;
  tasks: TaskService;
  flags: Flags;
  listings: Listings;
  uploads: Uploads;
  funding: Funding;
}

function asAppError(error: FastifyError | AppError): AppError {
  if (error instanceof AppError) return error;
  if (error.validation) return invalidInput(error.message);
  const status = error.statusCode ?? 500;
  if (status < 500) return new AppError(status, error.code ?? 'BAD_REQUEST', error.message);
  return new AppError(500, 'INTERNAL', 'Something went wrong on our side.');
}

/** The application of a web worker, on a database that is filled already. Closing it closes the database. */
export async function buildApp(config: PartConfig): Promise<{ app: FastifyInstance; load: Load }> {
  const db = openDb(join(config.dataDir, 'platform.db'));
  const secret = db.one<{ value: string }>('meta', "SELECT value FROM meta WHERE key = 'jwt_secret'")?.value ?? '';
  const flags = createFlags(db);
  const replica = createReplica(config, flags);
  const provider = createProvider(config.paymentsUrl);
  const money = createMoney(config, db, provider);
  const services: Services = {
    config, db, flags, catalog: createCatalog(db, flags, replica), money, escrow: createEscrow(db, money, flags),
    tasks: createTasks(db, config.primaryUrl), listings: createListings(db, replica),
    uploads: createUploads(db, config, flags), funding: createFunding(db, provider),
  };

  const app = Fastify({
    logger: { file: join(config.dataDir, 'web.log') }, bodyLimit: 64 * 1024,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: (request) => requestIdOf(request.headers['x-request-id']), forceCloseConnections: true,
  });
  await app.register(cookie);
  await app.register(formbody);
  await app.register(jwt, { secret, cookie: { cookieName: SESSION_COOKIE, signed: false } });
  const load = trackLoad(app, config.slot);
  observeRequests(app);
  plantFaults(app, config);

  app.setErrorHandler((error: FastifyError | AppError, request, reply) => {
    const known = asAppError(error);
    if (known.status >= 500) request.log.error({ err: error }, 'request failed');
    const isApi = request.url.startsWith('/api/');
    if (!isApi && known.code === 'LOGIN_REQUIRED') {
      return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`, 303);
    }
    void reply.code(known.status);
    if (known.retryAfterSeconds !== null) void reply.header('retry-after', known.retryAfterSeconds);
    if (!isApi) return reply.type('text/html; charset=utf-8').send(errorPage(known));
    return reply.send({ error: { code: known.code, message: known.message, ...known.extra }, requestId: request.id });
  });
  app.setNotFoundHandler((request) => {
    throw new AppError(404, 'NOT_FOUND', `There is nothing at ${request.url.slice(0, 200)}.`);
  });

  const groups = [
    operations, manifest, operationsApi, api, listingsApi, moneyAndAgentApi, webhooks, marketPages, accountPages, projectPages,
    listingPages, testRunsApi,
  ];
  for (const routes of groups) routes(app, services);
  app.addHook('onClose', () => db.close());
  return { app, load };
}
