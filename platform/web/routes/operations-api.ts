import type { FastifyInstance } from 'fastify';
import type { BreakerView } from '../../shared/breaker.ts';
import type { Services } from '../app.ts';
import { plantedBreaches } from '../breaches.ts';
import { AppError, invalidInput, notFound } from '../errors.ts';
import { isFlag } from '../flags.ts';
import { requireOperator } from '../operations-token.ts';
import { nameParams } from './schemas.ts';

/** For operators and drills: flags, breakers, the end of a worker. Everything needs the operations token. */
export function operationsApi(app: FastifyInstance, { config, db, flags }: Services): void {
  void app.register(async (guarded) => {
    // Before the body is read: strangers are not told what a right one looks like.
    guarded.addHook('onRequest', async (request) => requireOperator(request, config));

    guarded.get('/flags', async () => ({ flags: flags.all() }));

    guarded.put<{ Params: { name: string } }>('/flags/:name', { schema: { params: nameParams } }, async (request) => {
      const { name } = request.params;
      if (!isFlag(name)) throw notFound('flag');
      // By hand: a schema would turn "false", which is text, into a switch.
      const { enabled, ...rest } = (request.body ?? {}) as { enabled?: unknown };
      if (typeof enabled !== 'boolean' || Object.keys(rest).length > 0) {
        throw invalidInput('The body must be { "enabled": true } or { "enabled": false }.');
      }
      flags.set(name, enabled);
      return { flag: { name, ...flags.all()[name] } };
    });

    // Of all processes together: each has breakers of its own.
    guarded.get('/breakers', async () => {
      const answer = await fetch(`${config.primaryUrl}/breakers`);
      return { breakers: await answer.json() as BreakerView[] };
    });

    guarded.get<{ Querystring: { run_id: string } }>('/planted-breaches', {
      schema: { querystring: { type: 'object', required: ['run_id'], properties: { run_id: { type: 'string' } } } },
    }, async ({ query }) => ({ planted: plantedBreaches(db, query.run_id) }));

    guarded.post('/kill-worker', async () => {
      const answer = await fetch(`${config.primaryUrl}/kill-worker/${config.slot}`, { method: 'POST' });
      const { killed } = await answer.json() as { killed: string | null };
      if (killed === null) throw new AppError(503, 'NO_WORKER', 'There is no worker to kill now; one is starting.', {}, 1);
      return { killed };
    });
  }, { prefix: '/api/v1/operations' });
}
