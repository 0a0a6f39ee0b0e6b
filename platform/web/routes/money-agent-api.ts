import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Services } from '../app.ts';
import { auditPage } from '../audit.ts';
import { requireUser } from '../auth.ts';
import { AppError } from '../errors.ts';
import type { Answer } from '../escrow.ts';
import { requireProject } from '../projects.ts';
import { idParams, intentId } from './schemas.ts';

const lockSchema = {
  type: 'object', required: ['projectId', 'intentId', 'paymentMethod'],
  properties: {
    projectId: { type: 'string', maxLength: 80 }, intentId,
    paymentMethod: { type: 'string', pattern: '^pm_\\w{1,80}$' },
  },
};
const intentSchema = { type: 'object', required: ['intentId'], properties: { intentId } };
/** A page of the audit: 1000 escrows with their entries are half a megabyte. */
const MAX_PAGE = 1000;
const ledgerQuery = {
  type: 'object',
  properties: {
    after: { type: 'string', pattern: '^\\d{1,15}$', default: '0' },
    limit: { type: 'integer', minimum: 1, maximum: MAX_PAGE, default: MAX_PAGE },
  },
};

/** What the user is told: 202 while the payment provider has not answered, with the address that will know. */
function sendAnswer(reply: FastifyReply, { escrow, message }: Answer): FastifyReply {
  if (message === null) return reply.send({ escrow });
  return reply.code(202).header('location', `/api/v1/payments/escrow/${escrow.intentId}`).send({ escrow, message });
}

/** Escrow and agent tasks. */
export function moneyAndAgentApi(app: FastifyInstance, { db, money, escrow, tasks }: Services): void {
  app.post<{ Body: { projectId: string; intentId: string; paymentMethod: string } }>('/api/v1/payments/escrow/lock', {
    schema: { body: lockSchema },
  }, async (request, reply) => {
    const user = await requireUser(db, request);
    const { body } = request;
    const project = requireProject(db, user.id, body.projectId);
    return sendAnswer(reply, await escrow.lock(project, user.id, body.intentId, body.paymentMethod));
  });

  for (const operation of ['release', 'refund'] as const) {
    app.post<{ Body: { intentId: string } }>(`/api/v1/payments/escrow/${operation}`, {
      schema: { body: intentSchema },
    }, async (request, reply) => {
      const user = await requireUser(db, request);
      return sendAnswer(reply, await escrow[operation](request.body.intentId, user.id));
    });
  }

  // For who waits: the page asks until a payment is settled.
  app.get<{ Params: { intentId: string } }>('/api/v1/payments/escrow/:intentId', {
    schema: { params: intentSchema },
  }, async (request, reply) => {
    const user = await requireUser(db, request);
    return reply.header('cache-control', 'no-store').send({ escrow: escrow.find(request.params.intentId, user.id) });
  });

  // For the audit of a load test: it sees the escrows of its own run id and no others.
  app.get<{ Querystring: { after: string; limit: number } }>('/api/v1/payments/ledger', {
    schema: { querystring: ledgerQuery },
  }, async ({ seen, query }) => {
    if (seen.runId === null) throw new AppError(403, 'TEST_TRAFFIC_ONLY', 'Send the x-test-run-id of your run.');
    return auditPage(db, money.outbox, seen.runId, Number(query.after), query.limit);
  });

  app.post<{ Params: { id: string } }>('/api/v1/projects/:id/brief', { schema: { params: idParams } },
    async (request, reply) => {
      const user = await requireUser(db, request);
      const task = await tasks.start(requireProject(db, user.id, request.params.id));
      return reply.code(202).header('location', `/api/v1/tasks/${task.id}`).send({ task });
    });

  app.get<{ Params: { id: string } }>('/api/v1/tasks/:id', { schema: { params: idParams } }, async (request) => {
    const user = await requireUser(db, request);
    const task = tasks.find(request.params.id, user.id);
    return { task };
  });

  app.get<{ Params: { id: string } }>('/api/v1/tasks/:id/events', { schema: { params: idParams } },
    async (request, reply) => {
      const user = await requireUser(db, request);
      // The stream begins with the runner, so that its Server-Timing can tell a cold start.
      const { events, runner } = await tasks.events(request.params.id, user.id);
      request.seen.runner = runner;
      return reply.type('text/event-stream').header('cache-control', 'no-store').send(events);
    });
}
