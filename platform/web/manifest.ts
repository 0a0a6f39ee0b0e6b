import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { Services } from './app.ts';
import type { Db } from './db.ts';

/** The platform is released with the package that it lies in. */
const PACKAGE = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(PACKAGE) as { version: string };
/** How much there is of what makes searches and pages slow. */
const COUNTED = {
  creators: 'creators', landingPages: 'landing_pages', listings: 'listings', users: 'users', projects: 'projects',
} as const;

function rows(db: Db): Record<string, number> {
  return Object.fromEntries(Object.entries(COUNTED).map(([name, table]) =>
    [name, db.one<{ n: number }>(`manifest.${name}`, `SELECT COUNT(*) AS n FROM ${table}`)?.n ?? 0]));
}

/** What a load test may know of this environment before it begins: whether it is welcome, and what it would measure. */
export function manifest(app: FastifyInstance, { config, db, flags }: Services): void {
  app.get('/.well-known/load-test.json', async (_request, reply) => {
    const answer = await fetch(`${config.primaryUrl}/instances`);
    const { web } = await answer.json() as { web: number };
    return reply.header('cache-control', 'no-store').send({
      loadTests: 'allowed', environment: 'bundled', version, instances: web,
      flags: Object.fromEntries(Object.entries(flags.all()).map(([name, { enabled }]) => [name, enabled])),
      data: rows(db),
    });
  });
}
