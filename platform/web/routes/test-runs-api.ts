import type { FastifyInstance } from 'fastify';
import type { Services } from '../app.ts';
import { requireOperator } from '../operations-token.ts';
import { createTestRuns } from '../test-runs.ts';

/** As in the header `x-test-run-id`; real traffic has none, and cannot be named here. */
const params = {
  type: 'object', required: ['runId'], properties: { runId: { type: 'string', pattern: '^[\\w.:-]{1,128}$' } },
};

/** What a load test left here, for who cleans up after it: counted, and removed. Needs the operations token. */
export function testRunsApi(app: FastifyInstance, { config, db }: Services): void {
  const runs = createTestRuns(db, config);
  void app.register(async (guarded) => {
    guarded.addHook('onRequest', async (request) => requireOperator(request, config));

    guarded.get<{ Params: { runId: string } }>('/:runId', { schema: { params } }, async ({ params: { runId } }) =>
      ({ runId, counts: await runs.counts(runId) }));

    // 200: all of it is gone. 202: there is more, ask again.
    guarded.delete<{ Params: { runId: string } }>('/:runId', { schema: { params } }, async (request, reply) => {
      const { runId } = request.params;
      const done = await runs.remove(runId);
      return reply.code(done ? 200 : 202).send({ runId, done });
    });
  }, { prefix: '/api/v1/test-runs' });
}
