import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { traceparent } from '../shared/trace.ts';
import type { AgentPool } from './agent.ts';
import { requestContext } from './context.ts';
import type { Db } from './db.ts';
import { notFound } from './errors.ts';
import { agentTasks, agentTaskSeconds } from './metrics.ts';
import type { Project } from './projects.ts';

export interface Task {
  id: string;
  projectId: string;
  userId: string;
  state: 'running' | 'completed' | 'failed';
  /** What the task waited for a runner process to start; null when one was running. */
  coldStartMs: number | null;
  firstProgressMs: number | null;
  durationMs: number | null;
  /** True when the model did not answer and the brief is a plain outline. */
  degraded: boolean;
  brief: string | null;
  errorCode: string | null;
}
export interface TaskEvent {
  event: 'started' | 'progress' | 'completed' | 'failed';
  data: object;
}
type RunnerLine =
  | { type: 'progress'; delta: string }
  | { type: 'completed'; brief: string }
  | { type: 'failed'; code: string; message: string };

/** A run in progress: its events so far, and who listens. */
interface Live {
  task: Task;
  events: TaskEvent[];
  listeners: Set<(event: TaskEvent) => void>;
  /** Resolves with the first event: the task has a runner, or never will. */
  placed: PromiseWithResolvers<void>;
}

export type TaskService = ReturnType<typeof createTasks>;

const COLUMNS = `id, project_id AS projectId, user_id AS userId, state, cold_start_ms AS coldStartMs,
  first_progress_ms AS firstProgressMs, duration_ms AS durationMs, degraded, brief, error_code AS errorCode`;
const round = (ms: number): number => Math.round(ms * 10) / 10;

function outline(project: Project): string {
  const goal = project.details || 'Describe the goal here.';
  return `Outline for ${project.title}.\n\nSkill: ${project.skill}.\n\n${goal}\n\n`
    + 'Deliverables: first draft, one review round, final files.';
}

/** Agent tasks: drafting a brief for a project, with live progress. */
export function createTasks(db: Db, pool: AgentPool) {
  const live = new Map<string, Live>();
  // A process that was killed leaves running tasks behind; nobody works on them any more.
  db.run('tasks.abandon', "UPDATE tasks SET state = 'failed', error_code = 'INTERRUPTED' WHERE state = 'running'");

  function emit(run: Live, event: TaskEvent): void {
    run.events.push(event);
    run.placed.resolve();
    for (const listener of run.listeners) listener(event);
  }

  async function readRunner(run: Live, project: Project, url: string, startedMs: number): Promise<RunnerLine> {
    const context = requestContext.getStore();
    const { title, details, skill } = project;
    const trace = context ? traceparent(context.trace) : '';
    const body = JSON.stringify({ title, details, skill, traceparent: trace });
    const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(30_000) });
    const input = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
    for await (const text of createInterface({ input })) {
      const line = JSON.parse(text) as RunnerLine;
      if (line.type !== 'progress') return line;
      run.task.firstProgressMs ??= round(performance.now() - startedMs);
      emit(run, { event: 'progress', data: { delta: line.delta } });
    }
    throw new Error('the runner ended in the middle of the task');
  }

  async function work(run: Live, project: Project, startedMs: number): Promise<void> {
    const { task } = run;
    let end: RunnerLine;
    try {
      const place = await pool.acquire();
      try {
        task.coldStartMs = place.coldStartMs === null ? null : round(place.coldStartMs);
        emit(run, { event: 'started', data: { taskId: task.id, coldStartMs: task.coldStartMs } });
        end = await readRunner(run, project, place.url, startedMs);
      } finally {
        place.release();
      }
    } catch (error) {
      end = { type: 'failed', code: 'AGENT_UNAVAILABLE', message: String(error) };
    }
    if (end.type === 'failed' && end.code.startsWith('MODEL_')) {
      task.degraded = true;
      end = { type: 'completed', brief: outline(project) };
    }
    finish(run, end, startedMs);
  }

  function finish(run: Live, end: RunnerLine, startedMs: number): void {
    const { task } = run;
    task.durationMs = round(performance.now() - startedMs);
    task.state = end.type === 'completed' ? 'completed' : 'failed';
    if (end.type === 'completed') task.brief = end.brief;
    if (end.type === 'failed') task.errorCode = end.code;
    db.transaction(() => {
      db.run('tasks.finish', `UPDATE tasks SET state = ?, cold_start_ms = ?, first_progress_ms = ?, duration_ms = ?,
        degraded = ?, brief = ?, error_code = ? WHERE id = ?`, task.state, task.coldStartMs, task.firstProgressMs,
        task.durationMs, task.degraded ? 1 : 0, task.brief, task.errorCode, task.id);
      if (task.brief === null) return;
      db.run('projects.brief', 'UPDATE projects SET brief = ? WHERE id = ?', task.brief, task.projectId);
    });
    agentTasks.inc({ outcome: task.degraded ? 'degraded' : task.state });
    if (task.state === 'completed') agentTaskSeconds.observe(task.durationMs / 1000);
    live.delete(task.id);
    emit(run, lastEvent(task));
  }

  function lastEvent(task: Task): TaskEvent {
    if (task.state === 'completed') return { event: 'completed', data: task };
    const message = 'The drafting agent is not available now. Please try again.';
    return { event: 'failed', data: { ...task, code: task.errorCode, message } };
  }

  function find(id: string, userId: string): Task {
    const stored = db.one<Task & { degraded: unknown }>('tasks.by_id', `SELECT ${COLUMNS} FROM tasks WHERE id = ?`, id);
    if (!stored || stored.userId !== userId) throw notFound('task');
    return live.get(id)?.task ?? { ...stored, degraded: Number(stored.degraded) === 1 };
  }

  return {
    /** Starts a task, or returns the one already running for the project. */
    start(project: Project): Task {
      for (const { task } of live.values()) if (task.projectId === project.id) return task;
      const task: Task = {
        id: `tsk_${randomUUID()}`, projectId: project.id, userId: project.userId, state: 'running', coldStartMs: null,
        firstProgressMs: null, durationMs: null, degraded: false, brief: null, errorCode: null,
      };
      db.run('tasks.insert', "INSERT INTO tasks VALUES (?, ?, ?, 'running', NULL, NULL, NULL, 0, NULL, NULL, ?, ?)",
        task.id, task.projectId, task.userId, requestContext.getStore()?.runId ?? null, Date.now());
      const run: Live = { task, events: [], listeners: new Set(), placed: Promise.withResolvers() };
      live.set(task.id, run);
      void work(run, project, performance.now());
      return task;
    },
    find,
    /** Resolves once it is known whether the task had to wait for a cold start. */
    async placed(id: string): Promise<void> {
      await live.get(id)?.placed.promise;
    },
    /** Server-sent events of a task from its beginning; of a finished one, its last event. */
    events(id: string, userId: string): Readable {
      const task = find(id, userId);
      const stream = new Readable({ read() { /* events are pushed when they happen */ } });
      const push = ({ event, data }: TaskEvent): void => {
        stream.push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
        if (event === 'completed' || event === 'failed') stream.push(null);
      };
      const run = live.get(id);
      stream.push('retry: 1000\n\n');
      for (const event of run ? run.events : [lastEvent(task)]) push(event);
      run?.listeners.add(push);
      stream.once('close', () => run?.listeners.delete(push));
      return stream;
    },
  };
}
