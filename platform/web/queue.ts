import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { AgentPool } from './agent.ts';
import { createBriefCache, fallbackMessage } from './brief-cache.ts';
import type { FallbackKind } from './brief-cache.ts';
import type { Db } from './db.ts';
import type { Flags } from './flags.ts';
import {
  agentQueueSeconds, agentRejected, agentRunning, agentTaskSeconds, agentTasks, queueLength, serviceRequests,
} from './metrics.ts';

export interface Task {
  id: string;
  projectId: string;
  userId: string;
  state: 'queued' | 'running' | 'completed' | 'failed';
  /** What the task waited for a runner process to start; null when one was running. */
  coldStartMs: number | null;
  firstProgressMs: number | null;
  durationMs: number | null;
  /** True when the model did not answer; `fallback` is what the brief is then. */
  degraded: boolean;
  fallback: FallbackKind | null;
  brief: string | null;
  errorCode: string | null;
}
export interface TaskRequest {
  projectId: string;
  userId: string;
  title: string;
  details: string;
  skill: string;
  runId: string | null;
  traceparent: string;
}
export interface TaskEvent {
  event: 'started' | 'progress' | 'completed' | 'failed';
  data: object;
}
export interface Refusal {
  code: string;
  message: string;
  retryAfterSeconds: number;
}
type RunnerLine =
  | { type: 'progress'; delta: string }
  | { type: 'completed'; brief: string }
  | { type: 'failed'; code: string; message: string };

/** A task that has not ended: its events so far, and who listens. */
export interface Live {
  task: Task;
  request: TaskRequest;
  askedMs: number;
  events: TaskEvent[];
  listeners: Set<(event: TaskEvent) => void>;
  /** Resolves with the first event: the task has a runner, or never will. */
  placed: PromiseWithResolvers<void>;
}
export type Queue = ReturnType<typeof createQueue>;

/** A runner that is silent for this long is given up. */
const RUN_LIMIT_MS = 30_000;
/** What a task takes, about: for the advice when to ask again. */
const USUAL_SECONDS = 1.5;
const round = (ms: number): number => Math.round(ms * 10) / 10;

export const eventText = ({ event, data }: TaskEvent): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** How a task ended. */
export function lastEvent(task: Task): TaskEvent {
  if (task.state === 'completed') {
    const message = task.fallback === null ? null : fallbackMessage(task.fallback);
    return { event: 'completed', data: { ...task, message } };
  }
  const message = 'The drafting agent is not available now. Please try again.';
  return { event: 'failed', data: { ...task, code: task.errorCode, message } };
}

/** The agent tasks of all web workers: so many at a time, so many waiting, no more. */
export function createQueue(
  db: Db, pool: AgentPool, flags: Flags, limits: { concurrency: number; length: number },
) {
  const briefs = createBriefCache(db);
  const live = new Map<string, Live>();
  const waiting: Live[] = [];
  let running = 0;
  // A process that was killed leaves tasks behind; nobody works on them any more.
  db.run('tasks.abandon',
    "UPDATE tasks SET state = 'failed', error_code = 'INTERRUPTED' WHERE state IN ('queued', 'running')");

  function emit(run: Live, event: TaskEvent): void {
    run.events.push(event);
    run.placed.resolve();
    for (const listener of run.listeners) listener(event);
  }

  function next(): void {
    while (running < limits.concurrency) {
      const run = waiting.shift();
      if (!run) break;
      running += 1;
      agentQueueSeconds.observe((performance.now() - run.askedMs) / 1000);
      // Only the database can fail here; then the task is lost, and who listens must hear of it.
      void work(run).catch(() => end(run, { ...run.task, state: 'failed', errorCode: 'NOT_STORED' })).finally(() => {
        running -= 1;
        next();
      });
    }
    queueLength.set({ queue: 'agent_tasks' }, waiting.length);
    agentRunning.set(running);
  }

  async function readRunner(run: Live, url: string): Promise<RunnerLine> {
    const { title, details, skill, traceparent } = run.request;
    const body = JSON.stringify({ title, details, skill, traceparent, hasFallback: flags.isEnabled('brief-fallback') });
    const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(RUN_LIMIT_MS) });
    const input = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
    for await (const text of createInterface({ input })) {
      const line = JSON.parse(text) as RunnerLine;
      if (line.type !== 'progress') return line;
      run.task.firstProgressMs ??= round(performance.now() - run.askedMs);
      emit(run, { event: 'progress', data: { delta: line.delta } });
    }
    throw new Error('the runner ended in the middle of the task');
  }

  async function work(run: Live): Promise<void> {
    const { task } = run;
    let said: RunnerLine;
    try {
      const place = await pool.acquire();
      try {
        task.coldStartMs = place.coldStartMs === null ? null : round(place.coldStartMs);
        task.state = 'running';
        db.run('tasks.place', "UPDATE tasks SET state = 'running', cold_start_ms = ? WHERE id = ?",
          task.coldStartMs, task.id);
        emit(run, { event: 'started', data: { taskId: task.id, coldStartMs: task.coldStartMs } });
        said = await readRunner(run, place.url);
      } finally {
        place.release();
      }
    } catch (error) {
      said = { type: 'failed', code: 'AGENT_UNAVAILABLE', message: String(error) };
    }
    if (said.type === 'failed' && said.code.startsWith('MODEL_') && flags.isEnabled('brief-fallback')) {
      const { kind, brief } = briefs.fallback(run.request);
      task.degraded = true;
      task.fallback = kind;
      said = { type: 'completed', brief };
    }
    finish(run, said);
  }

  function finish(run: Live, said: RunnerLine): void {
    const { task } = run;
    task.durationMs = round(performance.now() - run.askedMs);
    task.state = said.type === 'completed' ? 'completed' : 'failed';
    if (said.type === 'completed') task.brief = said.brief;
    if (said.type === 'failed') task.errorCode = said.code;
    db.transaction(() => {
      db.run('tasks.finish', `UPDATE tasks SET state = ?, cold_start_ms = ?, first_progress_ms = ?, duration_ms = ?,
        degraded = ?, fallback = ?, brief = ?, error_code = ? WHERE id = ?`, task.state, task.coldStartMs,
        task.firstProgressMs, task.durationMs, task.degraded ? 1 : 0, task.fallback, task.brief, task.errorCode,
        task.id);
      if (task.brief === null) return;
      if (!task.degraded) briefs.keep(run.request, task.brief, run.request.runId);
      db.run('projects.brief', 'UPDATE projects SET brief = ? WHERE id = ?', task.brief, task.projectId);
    });
    agentTasks.inc({ outcome: task.degraded ? 'degraded' : task.state });
    if (task.state === 'completed') agentTaskSeconds.observe(task.durationMs / 1000);
    end(run, task);
  }

  function end(run: Live, task: Task): void {
    live.delete(task.id);
    emit(run, lastEvent(task));
  }

  return {
    /** Queues a task; returns the one that the project has already; or refuses it because too many wait. */
    add(request: TaskRequest): Task | Refusal {
      for (const { task } of live.values()) if (task.projectId === request.projectId) return task;
      if (running >= limits.concurrency && waiting.length >= limits.length) {
        agentRejected.inc();
        const retryAfterSeconds = Math.ceil(((waiting.length + 1) / limits.concurrency) * USUAL_SECONDS);
        const message = 'The drafting agent has too much to do now. Please try again in a moment.';
        return { code: 'AGENT_QUEUE_FULL', message, retryAfterSeconds };
      }
      const { projectId, userId, runId } = request;
      const task: Task = {
        id: `tsk_${randomUUID()}`, projectId, userId, state: 'queued', coldStartMs: null,
        firstProgressMs: null, durationMs: null, degraded: false, fallback: null, brief: null, errorCode: null,
      };
      db.run('tasks.insert', `INSERT INTO tasks (id, project_id, user_id, state, degraded, run_id, created_ms)
        VALUES (?, ?, ?, 'queued', 0, ?, ?)`, task.id, projectId, userId, runId, Date.now());
      const run: Live = {
        task, request, askedMs: performance.now(), events: [], listeners: new Set(), placed: Promise.withResolvers(),
      };
      serviceRequests.inc({ service: 'agent' });
      live.set(task.id, run);
      waiting.push(run);
      next();
      return task;
    },
    find: (id: string): Live | undefined => live.get(id),
  };
}
