import type { ResolvedBrowser } from '../src/drive/browser.ts';
import type { IdleMs } from '../src/drive/canary.ts';

/** Name of the environment variable by which the main thread hands its worker what plan.json must not hold. */
export const WORKER_INPUT = 'OPENSHOW_JOURNEYS_WORKER_INPUT';

/** Name of the environment data by which the main thread hands its worker the accounts of the API lane. */
export const API_SESSIONS = 'openshow-journeys/api-sessions';

export interface WorkerInput {
  runDir: string;
  /** The plan of what runs now. */
  planFile: string;
  /** From 1; above that the run was resumed. */
  segment: number;
  browser: ResolvedBrowser;
  /** The run's start on the monotonic clock, which both threads share. */
  startedAtMonotonicMs: number;
  /** The phases in Artillery's form, a profile's in place of the script's. */
  phases: object[];
  /** The canary's page and its latency on the idle machine; null where it could not be started. */
  canary: { url: string; idleMs: IdleMs } | null;
  /** Whether pages send the tags as headers, too, and not in their user agent alone. */
  tagHeaders: boolean;
  httpCredentials?: { username: string; password: string };
}

/** Returns the headers of HTTP basic authentication; none without credentials. */
export function basicAuth({ httpCredentials }: Pick<WorkerInput, 'httpCredentials'>): Record<string, string> {
  if (!httpCredentials) return {};
  const { username, password } = httpCredentials;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
