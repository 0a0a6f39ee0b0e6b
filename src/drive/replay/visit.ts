import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Request } from 'playwright';
import { makingOf } from '../../collect/cache-status.ts';
import type { ObservationSink } from '../../collect/recorder.ts';
import type { ReplayObservation } from '../../model/index.ts';
import type { ReplayPage, ReplayView } from '../../plan/replay-schedule.ts';
import type { UserBase } from '../act.ts';

/** A page that a person asks for next, as journeys see it. */
export interface VisitedPage {
  path: string;
  /** The same person had it before: the browser has parts of it. */
  again: boolean;
}

export interface VisitOptions {
  views: readonly ReplayView[];
  pages: readonly ReplayPage[];
  base: UserBase;
  context: BrowserContext;
  sink: ObservationSink;
  /** Milliseconds since the run's start. */
  now: () => number;
  /** When a view is due; resolves to null where the run ends or its phase never begins. */
  dueMs: (view: ReplayView) => Promise<number | null>;
  /** Notes that a page is asked for; returns whether anybody does for the first time. */
  ask: (page: number) => boolean;
  /** Aborted when nobody is to be waited for any more. */
  ended: AbortSignal;
}

/** What is known of one view while it is under way. */
interface Underway {
  view: ReplayView;
  page: ReplayPage;
  dueMs: number;
  sentMs: number | null;
  first: boolean;
  /** Resolves when it has been recorded. */
  recorded: Promise<void>;
  record: (rest: Pick<ReplayObservation, 'status' | 'durationMs' | 'generationMs' | 'cache' | 'kept' | 'failure'>) => void;
}

/** The document may end after what its user waited for is shown: it is waited for this long. */
const DOCUMENT_END_LIMIT_MS = 1_000;
const NOTHING = { durationMs: null, generationMs: null, cache: null } as const;
/** Together they are of one answer: another of the target has another date, and another of a cache in front of it another age or id. */
const OF_ONE_ANSWER = ['date', 'age', 'server-timing', 'x-request-id', 'x-cache', 'x-timer', 'cf-ray', 'x-amz-cf-id'];

/**
 * Plays one person's visit: yields each page when it is due, and records what became of its document, by the times of the
 * browser's network stack. Ends early where the journey does.
 */
export async function* playVisit(options: VisitOptions): AsyncGenerator<VisitedPage, void, undefined> {
  const { views, pages, context, now, ended } = options;
  const documents = new Map<Request, Underway>();
  /** What each page's answer was when it came: the very same once more is the browser's own copy. */
  const answers = new Map<number, string>();
  let current: Underway | null = null;
  context.on('request', (request) => {
    if (!isDocument(request)) return;
    const before = request.redirectedFrom();
    const one = before === null ? current : (documents.get(before) ?? null);
    if (one === null) return;
    if (before === null && one.sentMs === null) {
      one.sentMs = now();
      one.first = options.ask(one.view.page);
    }
    documents.set(request, one);
  });
  context.on('requestfinished', (request) => {
    const one = documents.get(request);
    if (one && !isRedirect(request)) one.record(answerOf(request, one.view.page, answers));
  });
  context.on('requestfailed', (request) => {
    documents.get(request)?.record({ status: null, ...NOTHING, failure: request.failure()?.errorText ?? 'no answer' });
  });
  try {
    for (const view of views) {
      const page = pages[view.page];
      const dueMs = await options.dueMs(view);
      if (page === undefined || dueMs === null) return;
      const waitMs = dueMs - now();
      if (waitMs > 0) await sleep(waitMs, undefined, { signal: ended }).catch(() => {});
      if (ended.aborted) return;
      current = underway(options, view, page, dueMs);
      yield { path: page.path, again: view.revisit };
      await Promise.race([current.recorded, sleep(DOCUMENT_END_LIMIT_MS, undefined, { ref: false })]);
      current.record({ status: null, ...NOTHING, failure: 'unfinished' });
    }
  } finally {
    current?.record({ status: null, ...NOTHING, failure: ended.aborted ? 'unfinished' : 'not shown' });
  }
}

function underway({ base, sink, now }: VisitOptions, view: ReplayView, page: ReplayPage, dueMs: number): Underway {
  const { promise: recorded, resolve } = Promise.withResolvers<void>();
  let done = false;
  const one: Underway = {
    view, page, dueMs, recorded, sentMs: null, first: false,
    record(rest) {
      if (done) return;
      done = true;
      sink.record({
        ...base, kind: 'replay', tMs: now(), route: page.route, by: 'person', group: page.group, first: one.first, revisit: view.revisit,
        dueMs, lateMs: Math.max(0, (one.sentMs ?? now()) - dueMs), ...rest,
      });
      resolve();
    },
  };
  return one;
}

function isDocument(request: Request): boolean {
  if (!request.isNavigationRequest()) return false;
  try {
    return request.frame().parentFrame() === null;
  } catch {
    // Its page is only just being made: a main document all the same.
    return true;
  }
}

/** Where it leads to is a request of its own, which the browser has not told of yet. */
function isRedirect(request: Request): boolean {
  const response = request.existingResponse();
  const status = response?.status() ?? 0;
  return status >= 300 && status < 400 && response?.headers()['location'] !== undefined;
}

function answerOf(
  request: Request, page: number, answers: Map<number, string>,
): Pick<ReplayObservation, 'status' | 'durationMs' | 'generationMs' | 'cache' | 'kept'> {
  const response = request.existingResponse();
  const headers = response?.headers() ?? {};
  let sent = request;
  for (let before = request.redirectedFrom(); before !== null; before = before.redirectedFrom()) sent = before;
  const { startTime, responseEnd } = request.timing();
  // From the first of its redirects on: that is what its user waits for.
  const durationMs = responseEnd < 0 ? null : Math.max(0, startTime + responseEnd - sent.timing().startTime);
  const timed = { status: response?.status() ?? null, durationMs };
  const answer = JSON.stringify(OF_ONE_ANSWER.map((name) => headers[name] ?? null));
  const isOwnCopy = headers['date'] !== undefined && answers.get(page) === answer;
  answers.set(page, answer);
  return isOwnCopy ? { ...timed, generationMs: null, cache: null, kept: true } : { ...timed, ...makingOf(headers) };
}
