import type { ProbeMessage, StepStart, WatchAnswer, WatchOrder } from './plan.ts';
import type { Finder } from './find.ts';

/**
 * The page's side of the perceived-latency clock. Self-contained: it is sent to every document as text.
 *
 * While a step is watched, each frame that may show something new is looked at once, and the moment after its paint
 * is kept when the awaited element turned from unseen to seen. So it does not matter which change revealed it (the
 * element, any ancestor, a style sheet, its text), how often the page changes afterwards, or whether a framework
 * has replaced the node since: the question asked of each painted frame is the user's own, "is it there?".
 *
 * The look is taken in a ResizeObserver callback: after every requestAnimationFrame callback and after layout, so it
 * sees what this very frame paints, and forces no layout of its own. The time is taken in a MessageChannel
 * message posted in the frame, which runs once the frame is done. Nothing runs between frames or without a step.
 */
export function pageClock(finder: Finder, send: (message: ProbeMessage) => void) {
  interface Watch extends WatchOrder {
    /** the document is younger than the step: whatever shows in it, shows because of the step */
    fresh: boolean;
    seen: boolean;
    /** the element is there, and hidden: now a mere state (hover, checked, a loaded style sheet) could show it */
    hidden: boolean;
    /** the first trusted input since the watch began, epoch ms */
    inputMs: number | null;
    revealsMs: number[];
    failure: string | null;
    waiters: (() => void)[];
  }
  // The page's own code may replace these later (fake timers do): hold the real ones.
  const { requestAnimationFrame: nextFrame, setTimeout: later, clearTimeout: cancel } = window;
  const now = performance.now.bind(performance);
  const wallMs = Date.now.bind(Date);
  const epoch = (timeMs: number): number => performance.timeOrigin + timeMs;
  const skewMs = (): number => wallMs() - epoch(now());

  const watches = new Map<string, Watch>();
  // Once the step's input has been seen (or comes from elsewhere), the first reveal after it is the answer.
  const settled = (watch: Watch): boolean => watch.revealsMs.length > 0 && (watch.fresh || watch.inputMs !== null);
  const active = (): Watch[] => [...watches.values()].filter((watch) => !settled(watch));

  const decoded = new WeakMap<HTMLImageElement, string>();
  /** An image has a box long before it has a picture: it is seen once it is decoded. */
  const pictured = (element: Element): boolean => {
    if (!(element instanceof HTMLImageElement)) return true;
    if (!element.complete || element.naturalWidth === 0) return false;
    if (decoded.get(element) === element.currentSrc) return true;
    void prepare(element);
    return false;
  };
  const prepare = async (image: HTMLImageElement): Promise<void> => {
    try { await image.decode(); } catch { return; }
    decoded.set(image, image.currentSrc);
    poke();
  };
  const shown = (element: Element): boolean => finder.boxed(element)
    && element.checkVisibility({ opacityProperty: true }) && pictured(element);
  const animated = (element: Element): boolean => document.getAnimations().some((animation) =>
    animation.playState === 'running' && (animation.effect as KeyframeEffect | null)?.target?.contains(element));

  /** Whether the awaited element can be seen now. */
  const look = (watch: Watch, roots: Set<ShadowRoot>): boolean => {
    try {
      const matches = finder.matches(watch.parts, roots);
      watch.hidden = matches.length > 0 && !matches.some(shown);
      if (matches.length > 0 && !watch.hidden) return true;
      // A match that is there but hidden: any box it gets wakes us, also where no node changes (a style sheet did).
      for (const element of matches.slice(0, 20)) boxes.observe(element);
      // A fade or a delay changes no node and no box: stay with it, frame by frame, until it ends.
      if (matches.some(animated)) poke();
    } catch (error) { watch.failure = `the page cannot follow this locator: ${String(error).slice(0, 120)}`; }
    return false;
  };

  const risen: Watch[] = [];
  const onPainted: (() => void)[] = [];
  let framePending = false;
  let inFrame = false;
  const painted = new MessageChannel();
  painted.port1.onmessage = () => {
    inFrame = false;
    const paintedMs = epoch(now());
    for (const watch of risen.splice(0)) {
      watch.revealsMs.push(paintedMs);
      for (const waiter of watch.waiters.splice(0)) waiter();
    }
    for (const waiter of onPainted.splice(0)) waiter();
    rest();
  };
  const inspect = (): void => {
    framePending = false;
    const watched = active();
    if (watched.length === 0) return;
    const roots = follow();
    for (const watch of watched) {
      const visible = look(watch, roots);
      if (visible && !watch.seen) risen.push(watch);
      watch.seen = visible;
    }
    if (risen.length > 0 && !inFrame) painted.port2.postMessage(null);
  };
  const boxes = new ResizeObserver(inspect);
  const onFrame = (): void => {
    framePending = false;
    // Posted first, so that as little as possible (Playwright's own scripts, say) can slip in before the stamp.
    painted.port2.postMessage(null);
    inFrame = true;
    // Observing anew makes the observer call back in this very frame, after its layout.
    boxes.unobserve(document.documentElement);
    boxes.observe(document.documentElement);
  };
  /** Something may have changed: look at the next frame. */
  function poke(): void {
    if (framePending || !document.documentElement || active().length === 0) return;
    framePending = true;
    nextFrame(onFrame);
  }

  // A frame asked for in vain costs CPU, so what adds no node is heeded only where a hidden element waits for it.
  const onSign = (): void => { if (active().some((watch) => watch.hidden)) poke(); };
  const changes = new MutationObserver(poke);
  let followed = new Set<Node>();
  const signs = ['transitionrun', 'transitionend', 'animationstart', 'animationend', 'toggle', 'input', 'change',
    'focusin', 'focusout', 'pointerover', 'error'];
  const onLoad = ({ target }: Event): void => (target instanceof HTMLImageElement ? void prepare(target) : onSign());
  /** Listens to the document and every open shadow root; returns these roots. */
  function follow(): Set<ShadowRoot> {
    const roots = finder.shadowRoots();
    for (const root of [document, ...roots]) {
      if (followed.has(root)) continue;
      followed.add(root);
      changes.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
      root.addEventListener('load', onLoad, true);
      for (const sign of signs) root.addEventListener(sign, onSign, { capture: true, passive: true });
    }
    return roots;
  }
  /** No step to watch: nothing of ours observes the page any more. */
  function rest(): void {
    if (active().length > 0) return;
    changes.disconnect();
    boxes.disconnect();
    for (const root of followed) {
      root.removeEventListener('load', onLoad, true);
      for (const sign of signs) root.removeEventListener(sign, onSign, true);
    }
    followed = new Set();
    removeEventListener('resize', onSign);
  }
  // A shadow root given to an element that is already in the page is no mutation of the page.
  const attachShadow = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function attach(this: Element, init: ShadowRootInit): ShadowRoot {
    const root = attachShadow.call(this, init);
    poke();
    return root;
  };

  const onInput = (event: Event): void => {
    if (!event.isTrusted) return;
    for (const watch of watches.values()) {
      if (watch.inputMs !== null) continue;
      watch.inputMs = epoch(event.timeStamp);
      // What showed before the input was not shown by it (in a fresh document the navigation came first).
      if (!watch.fresh) watch.revealsMs = [];
    }
  };
  const startOf = (watch: Watch): StepStart => ({
    inputMs: watch.inputMs,
    navigationMs: watch.fresh && window === top && document.URL !== 'about:blank' ? performance.timeOrigin : null,
    skewMs: skewMs(),
  });
  // A document that is being left tells what it knows of the start; later, nobody can ask it.
  const onLeave = (): void => {
    for (const watch of watches.values()) {
      const start = startOf(watch);
      if (start.inputMs ?? start.navigationMs) send({ kind: 'start', token: watch.token, ...start });
    }
  };

  /** Begins to watch a step; `done` names steps that need no watching any more. */
  const arm = (order: WatchOrder, fresh: boolean, done: string[]): void => {
    for (const token of done) watches.delete(token);
    if (watches.has(order.token)) return;
    const blank = { seen: false, hidden: false, inputMs: null, revealsMs: [], failure: null, waiters: [] };
    const watch: Watch = { ...order, fresh, ...blank };
    watches.set(order.token, watch);
    const roots = follow();
    addEventListener('resize', onSign);
    // document.open() takes listeners away, so they are (re)placed for each step; adding twice is no-op.
    for (const name of ['pointerdown', 'keydown', 'beforeinput']) {
      addEventListener(name, onInput, { capture: true, passive: true });
    }
    addEventListener('beforeunload', onLeave, true);
    if (!fresh) watch.seen = look(watch, roots);
  };

  /** This document's part of the step's start; asked where another document has shown the element. */
  const started = (token: string): StepStart | null => {
    const watch = watches.get(token);
    return watch ? startOf(watch) : null;
  };

  /** When did the awaited element come to be seen? Waits for a picture that is late; ends the watch. */
  const read = async (token: string, patienceMs: number): Promise<WatchAnswer> => {
    const watch = watches.get(token);
    const nothing = { inputMs: null, navigationMs: null, skewMs: skewMs() };
    if (!watch) {
      return { start: nothing, revealsMs: [], reason: 'this document was not watched from the beginning of the step' };
    }
    let reason = watch.failure;
    if (!reason && watch.revealsMs.length === 0) reason = await reveal(watch, patienceMs);
    if (watch.fresh && !reason) await presented();
    watches.delete(token);
    rest();
    return { start: startOf(watch), revealsMs: watch.revealsMs, reason };
  };

  /**
   * Nobody acts on a page before its first picture is on the screen. A driver can, within the same millisecond; the browser
   * then takes the page as left or used before it was shown, and reports no paint. Off the clock, two frames at most.
   */
  const presented = (): Promise<void> => new Promise((resolve) => {
    const timer = later(resolve, 100);
    nextFrame(() => nextFrame(() => { cancel(timer); later(resolve, 0); }));
  });

  const until = (waiters: (() => void)[], patienceMs: number): Promise<boolean> => new Promise((resolve) => {
    const timer = later(() => resolve(false), patienceMs);
    waiters.push(() => { cancel(timer); resolve(true); });
  });

  /** Waits for the first reveal; returns why there is none. */
  const reveal = async (watch: Watch, patienceMs: number): Promise<string | null> => {
    const unpainted = `the element was not painted within ${patienceMs} ms`;
    // Playwright looks between frames, so it may be ahead of the paint.
    if ((framePending || risen.length > 0) && !await until(onPainted, patienceMs)) return unpainted;
    if (watch.revealsMs.length > 0) return null;
    if (watch.seen) return 'the awaited element was visible before the step began, and stayed so';
    const matches = finder.matches(watch.parts, finder.shadowRoots());
    if (!matches.some(finder.boxed)) return 'the element is gone, or the page and Playwright mean different ones';
    if (matches.some(shown)) return 'the element became visible in a way that the page does not report';
    return await until(watch.waiters, patienceMs) ? null : `${unpainted} (broken image, or transparent?)`;
  };

  /** What is being watched, for the document that takes over this window. */
  const orders = (): WatchOrder[] => [...watches.values()].map(({ token, parts }) => ({ token, parts }));

  return { document, arm, started, read, orders };
}

export type PageClock = ReturnType<typeof pageClock>;
