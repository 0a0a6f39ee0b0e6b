import type { Attribution } from '../model/index.ts';

/** One request of a page. Times are epoch milliseconds; null where that point was not reached, or is not known. */
export interface RequestSpan {
  name: string;
  /** A main `document` is used as it comes in, an event `stream` too; `code` (scripts, data, styles) when it is complete. */
  kind: 'document' | 'stream' | 'code' | 'picture';
  startMs: number;
  sentMs: number | null;
  firstByteMs: number | null;
  endMs: number | null;
  /** What the server says that it took. */
  serverMs: number | null;
}

/** The browser process and the page read the wall clock each for itself; they differ by no more than this. */
const SKEW_MS = 5;
/** A picture shows within two frames of its last byte; only then can the user have waited for it. */
const PICTURE_MS = 50;

interface Link {
  span: RequestSpan;
  /** Up to when the user waited for it. */
  untilMs: number;
}

/**
 * Returns where a step's time went. Goes back from the moment the user saw the result: what arrived last before it is what
 * was waited for, then what arrived last before that was asked for, and so on to the step's start. Time in which none of
 * these was under way is the page's own. So requests that ran beside, and mattered to nobody, do not count, and none
 * counts twice: the parts sum to `perceivedMs`. What comes over WebSockets or from another user's page is not seen.
 */
export function attribute(spans: readonly RequestSpan[], startMs: number, perceivedMs: number): Attribution {
  let atMs = startMs + perceivedMs;
  let serverMs = 0;
  let networkMs = 0;
  let slowest: { name: string; ms: number } | null = null;
  for (let link = waitedFor(spans, startMs, atMs, true); link !== null; link = waitedFor(spans, startMs, atMs, false)) {
    const { span, untilMs } = link;
    const fromMs = Math.max(span.startMs, startMs);
    const tookMs = untilMs - fromMs;
    const onServerMs = Math.min(tookMs, serverPart(span, fromMs, untilMs));
    serverMs += onServerMs;
    networkMs += tookMs - onServerMs;
    if (slowest === null || tookMs > slowest.ms) slowest = { name: span.name, ms: tookMs };
    atMs = fromMs;
  }
  serverMs = hundredth(Math.min(serverMs, perceivedMs));
  networkMs = hundredth(Math.min(networkMs, perceivedMs - serverMs));
  return { serverMs, networkMs, renderMs: perceivedMs - serverMs - networkMs, slowestRequest: slowest?.name ?? null };
}

/** Returns the request that was waited for last before a moment; null if there is none within the step. */
function waitedFor(spans: readonly RequestSpan[], startMs: number, atMs: number, shown: boolean): Link | null {
  if (atMs <= startMs) return null;
  const begun = spans.filter((span) => span.startMs < atMs);
  const ended = begun.filter((span): span is RequestSpan & { endMs: number } =>
    span.endMs !== null && span.endMs <= atMs && span.endMs > startMs && span.endMs >= span.startMs);
  // What is used as it comes in may go on beyond the moment; what the step did not ask for is not its own.
  const open = begun.filter((span) => span.startMs >= startMs - SKEW_MS && span.firstByteMs !== null && span.firstByteMs <= atMs
    && (span.endMs === null || span.endMs > atMs));
  const document = open.find((span) => span.kind === 'document');
  if (document) return { span: document, untilMs: atMs };
  const last = latest(ended.filter((span) => span.kind !== 'picture'));
  // A stream that was opened after the last answer was asked for is what came next.
  const stream = latestStart(open.filter((span) => span.kind === 'stream'));
  if (stream && (last === null || stream.startMs >= last.startMs)) return { span: stream, untilMs: atMs };
  const picture = shown ? latest(ended.filter((span) => span.kind === 'picture')) : null;
  const waited = picture !== null && picture.endMs >= atMs - PICTURE_MS && (last?.endMs ?? startMs) < atMs - PICTURE_MS;
  const found = waited ? picture : last;
  return found === null ? null : { span: found, untilMs: found.endMs };
}

function latest<T extends { endMs: number }>(spans: readonly T[]): T | null {
  return spans.reduce<T | null>((best, span) => (best === null || span.endMs > best.endMs ? span : best), null);
}

function latestStart(spans: readonly RequestSpan[]): RequestSpan | null {
  return spans.reduce<RequestSpan | null>((best, span) => (best === null || span.startMs > best.startMs ? span : best), null);
}

/** Returns how much of a part of a request's time the server worked. */
function serverPart(span: RequestSpan, fromMs: number, untilMs: number): number {
  const { firstByteMs } = span;
  // Without a first byte it came from a cache, or nobody knows.
  if (firstByteMs === null) return 0;
  const sentMs = span.sentMs ?? span.startMs;
  const waitMs = Math.max(0, firstByteMs - sentMs);
  const workMs = Math.min(span.serverMs ?? waitMs, waitMs);
  // The rest of the wait is the way there and back: half of it before the work.
  const beganMs = sentMs + (waitMs - workMs) / 2;
  // The events of a stream come when the server has them: the wait for them is its work too.
  const streamedMs = span.kind === 'stream' ? overlap(firstByteMs, untilMs, fromMs, untilMs) : 0;
  return overlap(beganMs, beganMs + workMs, fromMs, untilMs) + streamedMs;
}

/** Epoch milliseconds are no finer than this; rounded down, so that the parts never exceed the whole. */
function hundredth(ms: number): number {
  return Math.floor(ms * 100) / 100;
}

function overlap(fromA: number, toA: number, fromB: number, toB: number): number {
  return Math.max(0, Math.min(toA, toB) - Math.max(fromA, fromB));
}
