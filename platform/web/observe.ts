import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { continueTrace } from '../shared/trace.ts';
import { requestContext } from './context.ts';
import type { RequestContext } from './context.ts';
import { httpDuration, httpRequests, serviceRequests } from './metrics.ts';

declare module 'fastify' {
  interface FastifyRequest {
    seen: RequestContext;
  }
}

const ID = /^[\w.:-]{1,128}$/;

/** The caller's request id when it sent a sane one, else a new one. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && ID.test(header) ? header : randomUUID();
}

function serverTiming(seen: RequestContext): string {
  const parts = [`db;dur=${seen.dbMs.toFixed(2)}`];
  if (seen.renderMs !== null) parts.push(`render;dur=${seen.renderMs.toFixed(2)}`);
  if (seen.runner) parts.push(seen.runner.coldMs === null ? 'warm;desc="agent"' : `cold;dur=${seen.runner.coldMs.toFixed(1)};desc="agent"`);
  parts.push(`total;dur=${(performance.now() - seen.startedMs).toFixed(2)}`);
  return parts.join(', ');
}

/** Gives every request an identity, Server-Timing, metrics and one log line. */
export function observeRequests(app: FastifyInstance): void {
  // Fastify wants the slot declared up front; it is filled before any handler runs.
  app.decorateRequest('seen', null as unknown as RequestContext);

  app.addHook('onRequest', (request, _reply, done) => {
    const runId = request.headers['x-test-run-id'];
    request.seen = {
      requestId: request.id, trace: continueTrace(request.headers['traceparent']),
      runId: typeof runId === 'string' && ID.test(runId) ? runId : null,
      startedMs: performance.now(), dbMs: 0, renderMs: null, runner: null,
    };
    requestContext.run(request.seen, done);
  });
  // Reading a body resumes in the socket's own async context; this brings ours back.
  app.addHook('preValidation', (request, _reply, done) => requestContext.run(request.seen, done));

  app.addHook('onSend', (request, reply, payload, done) => {
    reply.headers({
      'server-timing': serverTiming(request.seen), 'x-request-id': request.id, 'x-content-type-options': 'nosniff',
      'timing-allow-origin': '*',
    });
    done(null, payload);
  });

  app.addHook('onResponse', (request, reply, done) => {
    const { seen } = request;
    const durationMs = performance.now() - seen.startedMs;
    const route = request.routeOptions.url ?? '(none)';
    httpDuration.observe({ method: request.method, route, status: reply.statusCode }, durationMs / 1000);
    httpRequests.inc({ test: String(seen.runId !== null) });
    serviceRequests.inc({ service: 'web' });
    request.log.info({
      method: request.method, route, status: reply.statusCode, durationMs: Number(durationMs.toFixed(2)),
      dbMs: Number(seen.dbMs.toFixed(2)), traceId: seen.trace.traceId, runId: seen.runId,
    }, 'request');
    done();
  });
}
