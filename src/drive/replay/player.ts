import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '../../errors.ts';
import type { Phase, ReplayPlan } from '../../model/index.ts';
import { readSchedule } from '../../plan/replay.ts';
import type { ReplayPage, ReplayView, ReplayVisit } from '../../plan/replay-schedule.ts';
import { clockSince } from '../run-clock.ts';
import { AskedPages } from './asked.ts';
import { CrawlLane } from './crawl.ts';
import { DueList } from './due.ts';

/** One person's visit that is about to begin. */
export interface PlayedVisit {
  /** Of its first page. */
  phase: string;
  dueMs: number;
  views: readonly ReplayView[];
  pages: readonly ReplayPage[];
  ask: (page: number) => boolean;
  dueMsOf: (view: ReplayView) => Promise<number | null>;
}

export interface PlayerOptions {
  plan: ReplayPlan;
  phases: readonly Phase[];
  journeyDeadlineMs: number;
  runId: string;
  targetUrl: string;
  /** Of crawlers: credentials of the target, and what marks test traffic. */
  headers: Record<string, string>;
  runDir: string;
  startedAtMonotonicMs: number;
  onVisit: (visit: PlayedVisit) => void;
  onLost: (error: Error) => void;
}

/** Both people and crawlers begin a phase this much after the news of it. */
const LEAD_MS = 20;
/** A person's browser context and page are made before the first page is due, so that it leaves in time. */
const OPEN_MS = 300;

/** A phase begins by about a second late at most, the time in which threads start. */
const OWED_MS = 1_500;
const OWED_LOOK_MS = 20;

interface Begun { atMs: Promise<number | null>; tell: (atMs: number | null) => void }

/**
 * Plays recorded traffic in the phases of a run: people as visits that somebody else acts out in browsers, crawlers as plain
 * requests in a thread of their own.
 */
export class ReplayPlayer {
  readonly #options: PlayerOptions;
  readonly #pages: readonly ReplayPage[];
  readonly #people: DueList<ReplayVisit & { phase: number; offsetMs: number }>;
  readonly #asked: AskedPages;
  readonly #crawl: CrawlLane;
  readonly #begun: Begun[];
  readonly #nowMs: () => number;
  /** Resolves when nobody is to come any more. */
  readonly played: Promise<void>;
  readonly #tellOver: () => void;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  /** Reads the fixture once more. Throws J_TRAFFIC_INVALID where it is no longer the plan's. */
  constructor(options: PlayerOptions) {
    this.#options = options;
    const { plan, phases, journeyDeadlineMs, runId, targetUrl, headers, runDir, startedAtMonotonicMs, onLost } = options;
    const { schedule: { pages, visits, crawls }, hash } = readSchedule(plan, phases, journeyDeadlineMs);
    if (hash !== plan.sourceHash) throw new CodedError('J_TRAFFIC_INVALID', [{ where: plan.source, message: 'changed while the run began' }]);
    this.#nowMs = clockSince(startedAtMonotonicMs);
    ({ promise: this.played, resolve: this.#tellOver } = Promise.withResolvers<void>());
    this.#pages = pages;
    this.#people = new DueList(visits.flatMap(({ views }) => {
      const [first] = views;
      return first ? [{ views, phase: first.phase, offsetMs: Math.max(0, first.offsetMs - OPEN_MS) }] : [];
    }));
    this.#asked = AskedPages.of(pages.length);
    this.#begun = plan.phases.map(() => {
      const { promise, resolve } = Promise.withResolvers<number | null>();
      return { atMs: promise, tell: resolve };
    });
    this.#crawl = new CrawlLane({
      pages, crawls, phases: plan.phases, asked: this.#asked.memory, runId, targetUrl, headers, timeoutMs: plan.timeoutMs,
      file: join(runDir, 'observations.replay.ndjson'), startedAtMonotonicMs,
    }, onLost);
  }

  /** A phase of the run has begun; null where none is in force. */
  phaseStarted(name: string | null, startedMs: number): void {
    const index = name === null ? -1 : this.#options.plan.phases.indexOf(name);
    if (index === -1) return;
    void this.#crawl.ready.then(() => {
      if (this.#over) return;
      const beginMs = Math.max(startedMs, this.#nowMs() + LEAD_MS);
      // Whoever still waits for an earlier phase waits in vain.
      this.#begun.slice(0, index).forEach(({ tell }) => tell(null));
      this.#begun[index]?.tell(beginMs);
      this.#crawl.begin(index, beginMs);
      this.#people.begin(index, beginMs);
      this.#run();
    });
  }

  /** Ends the play; what the last phase owes because it began late is still played. Resolves when the crawlers' lines are in their file. */
  async stop(interrupted: boolean): Promise<void> {
    const crawlers = this.#crawl.stop(interrupted);
    const limitMs = this.#nowMs() + (interrupted ? 0 : OWED_MS);
    while (this.#people.nextMs !== null && this.#nowMs() < limitMs) await sleep(OWED_LOOK_MS);
    // The last of them is on the way to a browser.
    if (!interrupted) await sleep(OWED_LOOK_MS);
    this.#over = true;
    this.#tellOver();
    clearTimeout(this.#timer);
    this.#people.end();
    for (const { tell } of this.#begun) tell(null);
    await crawlers;
  }

  #run(): void {
    clearTimeout(this.#timer);
    this.#people.run(this.#nowMs(), (visit) => void this.#arrive(visit));
    const { nextMs } = this.#people;
    if (nextMs !== null) this.#timer = setTimeout(() => this.#run(), Math.max(0, nextMs - this.#nowMs()));
  }

  async #arrive({ views, phase: index }: ReplayVisit & { phase: number }): Promise<void> {
    const [first] = views;
    const phase = this.#options.plan.phases[index];
    const dueMs = first ? await this.#dueMsOf(first) : null;
    if (dueMs === null || phase === undefined || this.#over) return;
    this.#options.onVisit({
      phase, dueMs, views, pages: this.#pages,
      ask: (page) => this.#asked.ask(page),
      dueMsOf: (view) => this.#dueMsOf(view),
    });
  }

  async #dueMsOf({ phase, offsetMs }: ReplayView): Promise<number | null> {
    const beginMs = (await this.#begun[phase]?.atMs) ?? null;
    return beginMs === null || this.#over ? null : beginMs + offsetMs;
  }
}
