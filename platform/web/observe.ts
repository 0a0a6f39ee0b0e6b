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

/** In the user agent of a browser that must not send headers of its own to other origins. */
const TEST_AGENT = /(?:^| )openshow-journeys\/\S+ \([a-z ]+; \+run ([\w.:-]{1,128})\)$/;

/** The test that a request belongs to, by its header or else by its user agent; null for real traffic. */
export function testRunOf(headers: Record<string, string | string[] | undefined>): string | null {
  const runId = headers['x-test-run-id'];
  if (typeof runId === 'string' && ID.test(runId)) return runId;
  const agent = headers['user-agent'];
  return typeof agent === 'string' ? (TEST_AGENT.exec(agent)?.[1] ?? null) : null;
}

function serverTiming(seen: RequestContext): string {
  const parts = [`db;dur=${seen.dbMs.toFixed(2)}`];
  if (seen.renderMs !== null) parts.push(`render;dur=${seen.renderMs.toFixed(2)}`);
  if (seen.cache !== null) parts.push(`cache;desc=${seen.cache}`);
  if (seen.runner) parts.push(seen.runner.coldMs === null ? 'warm;desc="agent"' : `cold;dur=${seen.runner.coldMs.toFixed(1)};desc="agent"`);
  parts.push(`total;dur=${(performance.now() - seen.startedMs).toFixed(2)}`);
  return parts.join(', ');
}

/** Gives every request an identity, Server-Timing, metrics and one log line. */
export function observeRequests(app: FastifyInstance): void {
  // Fastify wants the slot declared up front; it is filled before any handler runs.
  app.decorateRequest('seen', null as unknown as RequestContext);

  app.addHook('onRequest', (request, _reply, done) => {
    request.seen = {
      requestId: request.id, trace: continueTrace(request.headers['traceparent']),
      runId: testRunOf(request.headers),
      startedMs: performance.now(), dbMs: 0, renderMs: null, cache: null, runner: null,
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
      dbMs: Number(seen.dbMs.toFixed(2)), traceId: seen.trace.traceId, runId: seen.runId, synthetic: seen.runId !== null,
    }, 'request');
    done();
  });
}
