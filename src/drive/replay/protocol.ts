/** What the plugin's thread and the crawlers' thread tell each other. */
import type { ReplayCrawl, ReplayPage } from '../../plan/replay-schedule.ts';

export interface CrawlSetup {
  pages: readonly ReplayPage[];
  /** In the order in which they are due. */
  crawls: readonly ReplayCrawl[];
  /** Names of the phases of the replay. */
  phases: readonly string[];
  /** Memory of the pages that were asked for already. */
  asked: SharedArrayBuffer;
  runId: string;
  targetUrl: string;
  headers: Record<string, string>;
  timeoutMs: number;
  /** Where the observations go. */
  file: string;
  /** The run's start on the monotonic clock, which every thread reads alike. */
  startedAtMonotonicMs: number;
}

/** A phase of the replay begins, by its place among them. */
export type CrawlOrder = { phase: number; beginMs: number } | { stop: { interrupted: boolean } };

export type CrawlSaid = { ready: true } | { lost: string } | { stopped: true };
