import type { BrowserContext, Disposable, Locator, Page } from 'playwright';
import type { ClockMessage, WatchAnswer, WatchOrder } from '../probe/plan.ts';
import type { PageClock } from '../probe/clock.ts';
import { clockSource, PROBE } from '../probe/source.ts';
import { listen } from './perceived-channel.ts';
import { planOf } from './perceived-plan.ts';

/** One step under the clock; made by beginStep, used up by measure. */
export interface StepMark {
  readonly token: string | null;
  readonly beganEpochMs: number;
  readonly reason: string | null;
  readonly starts: ClockMessage[];
  readonly script: Disposable | null;
}

export interface Perceived {
  perceivedMs: number | null;
  startedBy: 'input' | 'navigation' | null;
  /** why perceivedMs is null */
  reason: string | null;
  startedAtEpochMs: number | null;
}

export interface PerceivedClock {
  /** Right before the step's action: tells every document, present and coming, what to watch for. */
  beginStep(until: Locator | undefined, page: Page): StepMark | Promise<StepMark>;
  /** Once Playwright has found `until` visible, however late. Never throws: null and a reason instead. */
  measure(mark: StepMark, until: Locator): Promise<Perceived>;
}

const ARM_LIMIT_MS = 1000;
const READ_LIMIT_MS = 12_000;
const PICTURE_LIMIT_MS = 10_000;
/** Documents' clocks that differ by less cannot be told from the 1 ms grain of Date.now(). */
const SKEW_GRAIN_MS = 2;

const absent = (reason: string): Perceived =>
  ({ perceivedMs: null, startedBy: null, reason, startedAtEpochMs: null });

/** Resolves to null once `limitMs` is over; a hung page must not hang the journey. */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<null>((resolve) => { timer = setTimeout(resolve, limitMs, null); });
  try { return await Promise.race([work, limit]); } finally { clearTimeout(timer); }
}

// These run in the page.
const arm = ([name, order, done]: [string, WatchOrder, string[]]): void => {
  (globalThis as unknown as Record<string, PageClock | undefined>)[name]?.arm(order, false, done);
};
const read = (element: Element, [name, token, patienceMs]: [string, string, number]): Promise<WatchAnswer> | null =>
  (globalThis as unknown as Record<string, PageClock | undefined>)[name]?.read(element, token, patienceMs) ?? null;

/**
 * Perceived latency (design §6): from the first trusted input of a step, or the start of its first navigation, to
 * the end of the frame that first paints the awaited element. Install before the context's first page.
 *
 * A step costs one evaluate and one init script (together) at its beginning, so that documents which do not exist yet
 * know what to look for from their first node on, one message for its input or navigation, one evaluate at its end.
 */
export async function installPerceivedClock(context: BrowserContext): Promise<PerceivedClock> {
  const open = new Map<string, StepMark>();
  let done: string[] = [];
  let count = 0;

  await listen(context, (message) => {
    if (message.kind !== 'vitals') open.get(message.token)?.starts.push(message);
  });
  await context.addInitScript({ content: clockSource() });

  async function beginStep(until: Locator | undefined, page: Page): Promise<StepMark> {
    const beganEpochMs = Date.now();
    const plan = until ? planOf(until) : { parts: null, reason: 'the step awaits no element' };
    if (!until || !plan.parts) return { token: null, beganEpochMs, reason: plan.reason, starts: [], script: null };
    const order: WatchOrder = { token: String(count += 1), parts: plan.parts };
    const finished = done;
    done = [];
    const pages = new Set([page, until.page()]);
    const documents = [...pages].flatMap((one) => one.frames()).filter((frame) => frame.url() !== 'about:blank');
    const content = `globalThis[${JSON.stringify(PROBE)}]?.arm(${JSON.stringify(order)}, true);`;
    const scripted = context.addInitScript({ content }).catch(() => null);
    const armed = documents.map((frame) => frame.evaluate(arm, [PROBE, order, finished] as [string, WatchOrder, string[]])
      .catch(() => undefined));
    // Registered before the wait: a document may answer at once.
    const starts: ClockMessage[] = [];
    const mark: StepMark = { token: order.token, beganEpochMs, reason: null, starts, script: null };
    open.set(order.token, mark);
    const ready = await within(ARM_LIMIT_MS, Promise.all([scripted, ...armed]));
    const full = { ...mark, script: ready?.[0] ?? null };
    open.set(order.token, full);
    return full;
  }

  async function measure(mark: StepMark, until: Locator): Promise<Perceived> {
    if (!mark.token) return absent(mark.reason ?? 'the step awaits no element');
    try {
      const answer = await within(READ_LIMIT_MS, until.evaluate(read,
        [PROBE, mark.token, PICTURE_LIMIT_MS] as [string, string, number], { timeout: 1000 }));
      return answer ? judge(mark, answer) : absent('the page did not answer, or carries no probe');
    } catch (error) {
      const [first] = (error instanceof Error ? error.message : String(error)).split('\n');
      return absent(`the element was gone before its time could be read: ${first}`);
    } finally {
      open.delete(mark.token);
      done.push(mark.token);
      void mark.script?.dispose().catch(() => undefined);
    }
  }

  return { beginStep, measure };
}

/** Puts the step's start, from whichever document saw it, against the reveal, from whichever document holds it. */
function judge(mark: StepMark, answer: WatchAnswer): Perceived {
  // A navigation that began before the step belongs to the step before (2 ms: two processes' clocks).
  const starts = mark.starts.filter((one) => one.kind === 'input' || one.epochMs >= mark.beganEpochMs - SKEW_GRAIN_MS)
    .toSorted((a, b) => a.epochMs - b.epochMs);
  const start = starts[0];
  if (!start) return absent('no trusted input and no navigation in this step');
  if (answer.reason) return absent(answer.reason);
  // performance.timeOrigin is each process's own idea of the wall clock: where two differ, bring them together.
  const apartMs = answer.skewMs - start.skewMs;
  const correctionMs = Math.abs(apartMs) > SKEW_GRAIN_MS ? apartMs : 0;
  const revealedMs = answer.revealsMs.map((ms) => ms + correctionMs).find((ms) => ms >= start.epochMs);
  if (revealedMs === undefined) return absent('the awaited element was visible before the input, and stayed so');
  return {
    perceivedMs: revealedMs - start.epochMs, startedBy: start.kind, reason: null, startedAtEpochMs: start.epochMs,
  };
}
