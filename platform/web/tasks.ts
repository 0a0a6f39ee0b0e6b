import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { traceparent } from '../shared/trace.ts';
import type { RequestContext } from './context.ts';
import { requestContext } from './context.ts';
import type { Db } from './db.ts';
import { AppError, notFound } from './errors.ts';
import type { Project } from './projects.ts';
import { eventText, lastEvent } from './queue.ts';
import type { Refusal, Task } from './queue.ts';

export type TaskService = ReturnType<typeof createTasks>;

const COLUMNS = `id, project_id AS projectId, user_id AS userId, state, cold_start_ms AS coldStartMs,
  first_progress_ms AS firstProgressMs, duration_ms AS durationMs, degraded, fallback, brief, error_code AS errorCode`;

/** Agent tasks as a web worker sees them: the queue is in the primary, finished tasks are in the database. */
export function createTasks(db: Db, primaryUrl: string) {
  function find(id: string, userId: string): Task {
    const stored = db.one<Task & { degraded: unknown }>('tasks.by_id', `SELECT ${COLUMNS} FROM tasks WHERE id = ?`, id);
    if (!stored || stored.userId !== userId) throw notFound('task');
    return { ...stored, degraded: Number(stored.degraded) === 1 };
  }

  return {
    find,
    /** Queues a task, or returns the one that the project has already. Throws 503 AGENT_QUEUE_FULL. */
    async start(project: Project): Promise<Task> {
      const context = requestContext.getStore();
      const { id, userId, title, details, skill } = project;
      const body = JSON.stringify({
        projectId: id, userId, title, details, skill, runId: context?.runId ?? null,
        traceparent: context ? traceparent(context.trace) : '',
      });
      const answer = await fetch(`${primaryUrl}/tasks`, { method: 'POST', body });
      if (answer.ok) return await answer.json() as Task;
      const { code, message, retryAfterSeconds } = await answer.json() as Refusal;
      throw new AppError(answer.status, code, message, {}, retryAfterSeconds);
    },
    /**
     * Server-sent events of a task from its beginning, once it has its turn; of a finished one, its last event. With
     * it, how its runner was met, unless the task had ended.
     */
    async events(id: string, userId: string): Promise<{ events: Readable; runner: RequestContext['runner'] }> {
      find(id, userId);
      const answer = await fetch(`${primaryUrl}/tasks/${id}/events`);
      if (!answer.ok || !answer.body) {
        await answer.body?.cancel();
        return { events: Readable.from([eventText(lastEvent(find(id, userId)))]), runner: null };
      }
      const coldMs = answer.headers.get('x-cold-ms');
      const runner = coldMs === null ? null : { coldMs: coldMs === 'warm' ? null : Number(coldMs) };
      return { events: Readable.fromWeb(answer.body as ReadableStream<Uint8Array>), runner };
    },
  };
}
