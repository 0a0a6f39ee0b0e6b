/** What tests of the API lane share: a target that behaves badly on request, plans, a lane run to its end. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Observation, type ApiObservation, type ApiPlan, type ApiRequest, type Phase } from '../../model/index.ts';
import { monotonicMs } from '../run-clock.ts';
import { temporaryFolder } from '../testing.ts';
import { ApiLane, type ApiLaneOptions } from './lane.ts';

export interface Heard {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface BadTarget {
  url: string;
  port: number;
  heard: Heard[];
  /** Connections taken so far. */
  connections: () => number;
  stop: () => Promise<void>;
}

const ANSWERS: Record<string, (response: ServerResponse, heard: Heard) => void> = {
  '/ok': (response) => json(response, 200, { project: { id: 'prj_1' }, token: 'secret' }),
  '/echo': (response, heard) => json(response, 201, { got: heard.body, url: heard.url }),
  '/fail': (response) => json(response, 500, { error: 'broken' }),
  '/missing': (response) => json(response, 404, { error: 'gone' }),
  '/elsewhere': (response) => response.writeHead(302, { location: '/fail' }).end(),
  '/html': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sorry</h1>'),
  '/reset': (response) => response.socket?.destroy(),
  '/half': (response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('half of', () => response.socket?.destroy());
  },
  '/nonsense': (response) => response.socket?.end('SSH-2.0-not a web server\r\n\r\n'),
  '/hang': () => {},
  '/hang-in-body': (response) => response.writeHead(200).write('begun'),
  '/drip': (response) => {
    let drops = 5;
    const timer = setInterval(() => {
      if (drops === 0) {
        clearInterval(timer);
        response.end();
      } else response.write('drop');
      drops -= 1;
    }, 10);
  },
  '/big': (response) => response.writeHead(200).end(Buffer.alloc(11 * 1024 * 1024)),
  '/endless': (response) => {
    const pour = (): void => {
      while (response.writable && response.write(Buffer.alloc(1024 * 1024)));
    };
    response.on('drain', pour);
    pour();
  },
};

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Serves the answers above, `/wait/<ms>`, and whatever `more` adds, until the test ends. */
export async function badTarget(t: Pick<TestContext, 'after'>, more: typeof ANSWERS = {}, port = 0): Promise<BadTarget> {
  const heard: Heard[] = [];
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk)).on('end', () => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      heard.push(one);
      const path = one.url.split('?')[0] ?? '';
      const wait = /^\/wait\/(\d+)$/.exec(path)?.[1];
      const answer = more[path] ?? ANSWERS[path];
      if (wait !== undefined) setTimeout(() => json(response, 200, {}), Number(wait));
      else if (answer) answer(response, one);
      else json(response, 404, {});
    });
  };
  const server = createServer(listener).on('connection', () => (connections += 1)).listen(port, '127.0.0.1');
  await once(server, 'listening');
  let stopped: Promise<unknown> | null = null;
  const stop = async (): Promise<void> => {
    stopped ??= once(server.close(), 'close');
    server.closeAllConnections();
    await stopped;
  };
  t.after(stop);
  const own = (server.address() as AddressInfo).port;
  return { url: `http://127.0.0.1:${own}`, port: own, heard, connections: () => connections, stop };
}

export function apiRequest(path: string, changes: Partial<ApiRequest> = {}): ApiRequest {
  const method = changes.method ?? 'GET';
  return {
    method, path, route: `${method} ${path}`, params: [], body: null, data: null, session: false, capture: {}, sloP95Ms: null, ...changes,
  };
}

/** A plan of one scenario, of one flow for each list of requests. */
export function apiPlan(ratePerSecond: number, flows: ApiRequest[][], changes: Partial<ApiPlan> = {}): ApiPlan {
  return {
    source: 'scenarios.json',
    scenarios: [{ name: 'S', ratePerSecond, users: 0, flows: flows.map((requests) => ({ weight: 1, requests })) }],
    session: null, arrivals: 'constant', loads: [{ phase: 'main', share: 1, to: null }], timeoutMs: 400, windowMs: 250, threads: 1,
    connections: 20, lateSendMs: 50, stopPastKnee: false, ...changes,
  };
}

export function phaseOf(name: string, durationS: number): Phase {
  return { name, durationS, arrivalRate: 1, rampTo: null, arrivalCount: null, pause: false };
}

export interface LaneRun {
  lane: ApiLane;
  nowMs: () => number;
  /** Every line that the threads wrote, checked against the model. */
  lines: () => ApiObservation[];
  lost: Error[];
}

/** Starts a lane on a target. */
export function startLane(t: Pick<TestContext, 'after'>, plan: ApiPlan, url: string, changes: Partial<ApiLaneOptions> = {}): LaneRun {
  const runDir = temporaryFolder(t);
  const startedAtMonotonicMs = monotonicMs();
  const lost: Error[] = [];
  const lane = new ApiLane({
    plan, phases: [phaseOf('main', 1)], runId: 'test-run', seed: 1, targetUrl: url, headers: {}, sessions: {}, runDir,
    startedAtMonotonicMs, onWindow: () => {}, onLost: (error) => lost.push(error), onPastKnee: () => {}, ...changes,
  });
  t.after(() => lane.stop({ interrupted: true }));
  const lines = (): ApiObservation[] => readdirSync(runDir).flatMap((file) =>
    readFileSync(join(runDir, file), 'utf8').split('\n').filter((line) => line !== '').map((line) => {
      const observation = Observation.parse(JSON.parse(line));
      if (observation.kind !== 'api') throw new Error(`not an api line: ${line}`);
      return observation;
    }));
  return { lane, nowMs: () => monotonicMs() - startedAtMonotonicMs, lines, lost };
}

export interface Sums {
  scheduled: number;
  sent: number;
  notSent: number;
  ok: number;
  failed: number;
  unfinished: number;
  classes: Record<string, number>;
}

/** Adds up lines; of one route where it is given. */
export function sums(lines: readonly ApiObservation[], route?: string): Sums {
  const all: Sums = { scheduled: 0, sent: 0, notSent: 0, ok: 0, failed: 0, unfinished: 0, classes: {} };
  for (const line of lines) {
    if (route !== undefined && line.route !== route) continue;
    all.scheduled += line.scheduled;
    all.sent += line.sent;
    all.ok += line.ok;
    all.unfinished += line.unfinished;
    for (const [name, count] of Object.entries(line.failed)) {
      all.classes[name] = (all.classes[name] ?? 0) + count;
      if (name.startsWith('not sent')) all.notSent += count;
      else all.failed += count;
    }
  }
  return all;
}
