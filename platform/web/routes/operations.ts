import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { Services } from '../app.ts';
import type { Db } from '../db.ts';

const PROBE_TIMEOUT_MS = 1000;
const TYPES: Record<string, string> = {
  'app.css': 'text/css; charset=utf-8', 'app.js': 'text/javascript; charset=utf-8',
  'payments.js': 'text/javascript; charset=utf-8', 'icon.svg': 'image/svg+xml',
};

/** Static files by name, read once. */
const contents = Object.entries(TYPES).map(([name, type]) =>
  ({ name, type, content: readFileSync(new URL(`../static/${name}`, import.meta.url)) }));
/** Of all of them, and part of each address: they may be cached for good, and scripts find each other by their names. */
const release = contents.reduce((hash, { content }) => hash.update(content), createHash('sha256')).digest('hex')
  .slice(0, 10);
const files = new Map(contents.map(({ name, type, content }) =>
  [name, { type, content, url: `/static/${release}/${name}` }]));

export const assetUrl = (name: string): string => files.get(name)?.url ?? '';

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })).ok;
  } catch {
    return false;
  }
}

function reads(db: Db): boolean {
  try {
    return db.one('healthz', "SELECT 1 FROM meta WHERE key = 'seeded'") !== null;
  } catch {
    return false;
  }
}

/** Health, metrics and static files. */
export function operations(app: FastifyInstance, { config, db }: Services): void {
  app.get('/healthz', async (_request, reply) => {
    const { paymentsUrl, modelUrl, storageUrl, replicaUrl } = config;
    const [payments, model, storage, replica] = await Promise.all(
      [paymentsUrl, modelUrl, storageUrl, replicaUrl].map(answers));
    const parts = { db: reads(db), payments, model, storage, replica };
    const down = Object.entries(parts).filter(([, up]) => !up).map(([name]) => name);
    const ok = down.length === 0;
    return reply.code(ok ? 200 : 503).send({ status: ok ? 'ok' : 'degraded', parts, down });
  });

  // Of all processes together, so that it does not matter which worker is asked.
  app.get('/metrics', async (_request, reply) => {
    const answer = await fetch(`${config.primaryUrl}/metrics`);
    return reply.type(answer.headers.get('content-type') ?? 'text/plain').send(await answer.text());
  });

  app.get<{ Params: { hash: string; name: string } }>('/static/:hash/:name', async (request, reply) => {
    const file = files.get(request.params.name);
    if (file?.url !== request.url) return reply.callNotFound();
    return reply.type(file.type).header('cache-control', 'public, max-age=31536000, immutable').send(file.content);
  });
}
