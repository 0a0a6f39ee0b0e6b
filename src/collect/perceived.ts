import type { BrowserContext, Disposable, Frame, Locator, Page } from 'playwright';
import type { StepStart, WatchAnswer, WatchOrder } from '../probe/plan.ts';
import type { PageClock } from '../probe/clock.ts';
import { clockSource, PROBE } from '../probe/source.ts';
import { listen } from './perceived-channel.ts';
import { planOf } from './perceived-plan.ts';

/** One step under the clock; made by beginStep, used up by measure. */
export interface StepMark {
  readonly order: WatchOrder | null;
  readonly beganEpochMs: number;
  /** the same moment on the clock that nobody can set */
  readonly beganMonotonicMs: number;
  /** why the step is not watched */
  readonly reason: string | null;
  /** from documents that were left during the step */
  readonly starts: StepStart[];
}

export interface Perceived {
  perceivedMs: number | null;
  startedBy: 'input' | 'navigation' | null;
  /** why perceivedMs is null */
  reason: string | null;
  startedAtEpochMs: number | null;
}

export interface PerceivedClock {
  /**
   * Right before the step's action: tells every document, present and coming, what to watch for. For an element that
   * will be in a popup, give the same locator on a page that exists. For two elements awaited from one action, begin
   * two steps.
   */
  beginStep(until: Locator | undefined, page: Page): StepMark | Promise<StepMark>;
  /** Once Playwright has found `until` visible, however late. Never throws: null and a reason instead. */
  measure(mark: StepMark, until: Locator): Promise<Perceived>;
}

const ARM_LIMIT_MS = 1000;
const PICTURE_LIMIT_MS = 10_000;
const READ_LIMIT_MS = PICTURE_LIMIT_MS + 1000;
const ELSEWHERE_LIMIT_MS = 1000;
/** Documents' clocks that differ by less cannot be told from the 1 ms grain of Date.now(). */
const SKEW_GRAIN_MS = 2;
/** The wall clock runs at most 0.05 % faster or slower while NTP slews it; what moves further was set. */
const CLOCK_STEP_MS = 20;
const SLEW_SHARE = 0.001;
/** A finished step's init script does no harm (the next one revokes it), so they are taken away by the dozen. */
const SPENT_SCRIPTS = 12;

const absent = (reason: string): Perceived =>
  ({ perceivedMs: null, startedBy: null, reason, startedAtEpochMs: null });

/** Resolves to null once `limitMs` is over; a hung page must not hang the journey. */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<null>((resolve) => { timer = setTimeout(resolve, limitMs, null); });
  try { return await Promise.race([work, limit]); } finally { clearTimeout(timer); }
}

// These run in the page.
type Probes = Record<string, PageClock | undefined>;
const arm = ([name, order, done]: [string, WatchOrder, string[]]): void =>
  (globalThis as unknown as Probes)[name]?.arm(order, false, done);
const read = ([name, token, patienceMs]: [string, string, number]): Promise<WatchAnswer> | null =>
  (globalThis as unknown as Probes)[name]?.read(token, patienceMs) ?? null;
const readFrom = (_: Element, [name, token, patienceMs]: [string, string, number]): Promise<WatchAnswer> | null =>
  (globalThis as unknown as Probes)[name]?.read(token, patienceMs) ?? null;
const started = ([name, token]: [string, string]): StepStart | null =>
  (globalThis as unknown as Probes)[name]?.started(token) ?? null;

/**
 * Perceived latency (design §6): from the first trusted input of a step, or the start of its first navigation, to
 * the end of the frame that first paints the awaited element. Install before the context's first page.
 *
 * A step costs one evaluate and one init script (together) at its beginning, so that documents which do not exist yet
 * know what to look for from their first node on, and one evaluate at its end; a document that is left during the
 * step sends one message. The last evaluate goes to the document and not through the locator: a locator's evaluate
 * makes Playwright set up its selector engine a second time in each document, 12 to 16 ms of CPU (measured).
 */
export async function installPerceivedClock(context: BrowserContext): Promise<PerceivedClock> {
  const open = new Map<string, StepMark>();
  let done: string[] = [];
  let scripts: { token: string; script: Disposable }[] = [];
  let count = 0;

  await listen(context, (message) => {
    if (message.kind === 'start') open.get(message.token)?.starts.push(message);
  });
  await context.addInitScript({ content: clockSource() });

  /** Tells coming documents. Scripts of finished steps still run there; `done` lets the newest undo them. */
  async function instruct(order: WatchOrder): Promise<void> {
    const finished = scripts.filter(({ token }) => !open.has(token)).map(({ token }) => token);
    const call = `arm(${JSON.stringify(order)}, true, ${JSON.stringify(finished)})`;
    const script = await context.addInitScript({ content: `globalThis[${JSON.stringify(PROBE)}]?.${call};` });
    if (finished.length >= SPENT_SCRIPTS) {
      for (const spent of scripts) if (!open.has(spent.token)) void spent.script.dispose().catch(() => undefined);
      scripts = scripts.filter(({ token }) => open.has(token));
    }
    scripts.push({ token: order.token, script });
  }

  async function beginStep(until: Locator | undefined, page: Page): Promise<StepMark> {
    const [beganEpochMs, beganMonotonicMs] = [Date.now(), performance.now()];
    const plan = until ? planOf(until) : { reason: 'the step awaits no element' };
    if (!until || 'reason' in plan) {
      return { order: null, beganEpochMs, beganMonotonicMs, reason: 'reason' in plan ? plan.reason : null, starts: [] };
    }
    const order: WatchOrder = { token: String(count += 1), parts: plan.parts };
    const mark: StepMark = { order, beganEpochMs, beganMonotonicMs, reason: null, starts: [] };
    open.set(order.token, mark);
    const finished = done;
    done = [];
    await within(ARM_LIMIT_MS, Promise.all([
      instruct(order).catch(() => undefined),
      ...documents(page, until.page()).map((frame) =>
        frame.evaluate(arm, [PROBE, order, finished] as [string, WatchOrder, string[]]).catch(() => undefined)),
    ]));
    return mark;
  }

  async function measure(mark: StepMark, until: Locator): Promise<Perceived> {
    const { order } = mark;
    if (!order) return absent(mark.reason ?? 'the step awaits no element');
    try {
      const plan = planOf(until);
      if ('reason' in plan) return absent(plan.reason);
      if (JSON.stringify(plan.parts) !== JSON.stringify(order.parts)) {
        return absent('this is not the element that was named when the step began');
      }
      const question: [string, string, number] = [PROBE, order.token, PICTURE_LIMIT_MS];
      const answer = await within(READ_LIMIT_MS, plan.frame
        ? plan.frame.evaluate(read, question) : until.evaluate(readFrom, question, { timeout: 1000 }));
      if (!answer) return absent('the page did not answer, or carries no probe');
      const others = documents(...context.pages()).filter((frame) => frame !== plan.frame);
      const elsewhere = await within(ELSEWHERE_LIMIT_MS, Promise.all(others.map((frame) =>
        frame.evaluate(started, [PROBE, order.token] as [string, string]).catch(() => null))));
      if (clockWasSet(mark)) return absent('the clock of the machine was set during this step');
      return judge(mark, answer, [...mark.starts, answer.start, ...(elsewhere ?? [])]);
    } catch (error) {
      const [first] = (error instanceof Error ? error.message : String(error)).split('\n');
      return absent(`the page could not be asked: ${first}`);
    } finally {
      open.delete(order.token);
      done.push(order.token);
    }
  }

  return { beginStep, measure };
}

/** The documents of some pages, without those that cannot hold anything yet. */
function documents(...pages: Page[]): Frame[] {
  return [...new Set(pages)].flatMap((page) => page.frames())
    .filter((frame) => frame.url() !== 'about:blank' && frame.url() !== '');
}

/**
 * Epoch times of several processes can be compared only while the wall clock they share runs evenly. Each document's own
 * clock does, but it may stem from before the clock was set and another document's from after.
 */
function clockWasSet({ beganEpochMs, beganMonotonicMs }: StepMark): boolean {
  const elapsedMs = performance.now() - beganMonotonicMs;
  return Math.abs(Date.now() - beganEpochMs - elapsedMs) > CLOCK_STEP_MS + elapsedMs * SLEW_SHARE;
}

/** Puts the step's start, from whichever document saw it, against the reveal, from whichever document holds it. */
function judge(mark: StepMark, answer: WatchAnswer, known: (StepStart | null)[]): Perceived {
  // performance.timeOrigin is each process's own idea of the wall clock: where two differ, bring them together.
  const correctMs = ({ skewMs }: StepStart): number => {
    const apartMs = skewMs - answer.start.skewMs;
    return Math.abs(apartMs) > SKEW_GRAIN_MS ? apartMs : 0;
  };
  // A document older than the last setting of the clock tells its times by the old one.
  const wallMs = ({ skewMs }: StepStart): number => (Math.abs(skewMs) > SKEW_GRAIN_MS ? skewMs : 0);
  const starts = known.flatMap((one) => {
    if (!one) return [];
    const { inputMs, navigationMs } = one;
    return [
      ...(inputMs === null ? [] : [{ by: 'input' as const, atMs: inputMs + correctMs(one) }]),
      // A navigation that began before the step belongs to the step before.
      ...(navigationMs === null || navigationMs + wallMs(one) < mark.beganEpochMs - SKEW_GRAIN_MS ? []
        : [{ by: 'navigation' as const, atMs: navigationMs + correctMs(one) }]),
    ];
  }).toSorted((a, b) => a.atMs - b.atMs);
  const start = starts[0];
  if (!start) return absent('no trusted input and no navigation in this step');
  if (answer.reason) return absent(answer.reason);
  const revealedMs = answer.revealsMs.find((ms) => ms >= start.atMs);
  if (revealedMs === undefined) return absent('the awaited element was visible before the input, and stayed so');
  return { perceivedMs: revealedMs - start.atMs, startedBy: start.by, reason: null, startedAtEpochMs: start.atMs };
}
