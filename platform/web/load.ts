import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import { httpInFlight } from './metrics.ts';

/** What a web worker tells the primary. Means are over the time since its last report. */
export interface LoadReport {
  /** Requests being served at this moment, and on average. */
  inFlight: number;
  meanInFlight: number;
  /** Share of time in which the event loop was busy. */
  utilisation: number;
  /** Connections that have ended, since the start of the worker. */
  closed: number;
}

export type Load = ReturnType<typeof trackLoad>;

/** Counts the requests and connections of this worker, and asks connections to go elsewhere when told to. */
export function trackLoad(app: FastifyInstance, slot: number) {
  const open = new Set<Socket>();
  const leaving = new WeakSet<Socket>();
  let closed = 0;
  let inFlight = 0;
  let streams = 0;
  let area = 0;
  let movedMs = performance.now();
  let reportedMs = movedMs;
  let reportedClosed = 0;
  let loop = performance.eventLoopUtilization();

  function move(by: number): void {
    const nowMs = performance.now();
    area += inFlight * (nowMs - movedMs);
    movedMs = nowMs;
    inFlight += by;
    httpInFlight.set(inFlight + streams);
  }

  app.addHook('onRequest', (request, reply, done) => {
    // A stream of events waits, mostly; it says nothing about how busy a worker is.
    const isStream = request.routeOptions.url?.endsWith('/events') ?? false;
    if (isStream) streams += 1;
    move(isStream ? 0 : 1);
    // Unlike onResponse, this also comes when the caller has gone away.
    reply.raw.once('close', () => {
      if (isStream) streams -= 1;
      move(isStream ? 0 : -1);
    });
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-served-by', `web-${slot}`);
    if (leaving.has(request.raw.socket)) reply.header('connection', 'close');
    done(null, payload);
  });

  return {
    /** Serves a connection that the primary has accepted; undefined when it was gone before it came here. */
    take(socket: Socket | undefined): void {
      if (!socket) {
        closed += 1;
        return;
      }
      open.add(socket);
      socket.once('close', () => {
        open.delete(socket);
        closed += 1;
      });
      app.server.emit('connection', socket);
      socket.resume();
    },
    /** Ends every n-th connection with its next answer, so that its owner connects anew, to whoever has most room. */
    shed(every: number): void {
      [...open].forEach((socket, index) => {
        if (index % every === 0) leaving.add(socket);
      });
    },
    /** The report that is due, or null when nothing has happened since the last one. */
    report(): LoadReport | null {
      move(0);
      if (area === 0 && closed === reportedClosed) return null;
      const passedMs = Math.max(1, movedMs - reportedMs);
      const now = performance.eventLoopUtilization();
      const { utilization: utilisation } = performance.eventLoopUtilization(now, loop);
      const report = { inFlight, meanInFlight: area / passedMs, utilisation, closed };
      [area, reportedMs, reportedClosed, loop] = [0, movedMs, closed, now];
      return report;
    },
    /** Resolves when all connections have ended, idle ones being closed after `idleMs`, all after `limitMs`. */
    async drained(idleMs: number, limitMs: number): Promise<void> {
      const startedMs = performance.now();
      while (open.size > 0 && performance.now() - startedMs < limitMs) {
        if (performance.now() - startedMs >= idleMs && inFlight + streams === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}
