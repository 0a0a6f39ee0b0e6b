import type { VitalsMessage } from './plan.ts';

/** The part of web-vitals used here. */
interface WebVitals {
  onLCP: Register; onINP: Register; onCLS: Register; onFCP: Register; onTTFB: Register;
}
type Register = (report: (metric: { name: string; value: number }) => void,
  options: { reportAllChanges: boolean; durationThreshold?: number }) => void;

/** Evaluates the web-vitals package in a scope where these names are not the page's own. */
type Load = (addEventListener: AddListener, removeEventListener: AddListener, document: Document) => WebVitals;
type AddListener = (type: string, listener: EventListener, options?: AddEventListenerOptions | boolean) => void;

/**
 * The page's side of the vitals: web-vitals measures, this keeps its latest values and hands them out when the
 * document is about to go, or when Node asks. Self-contained: it is sent to every top document as text.
 *
 * `pagehide` is too late to send anything: where a navigation swaps the renderer's frame, the debugging session that
 * carries our messages has left the old document by then (seen in the protocol log). `beforeunload` comes when the
 * navigation starts; what still changes until the new document takes over is sent as an update.
 *
 * web-vitals settles its values when the page hides, and for nothing less. So it gets a stage of its own, on which
 * the page can hide without the app, its listeners or its traffic noticing anything.
 */
export function pageVitals(load: Load, send: (message: VitalsMessage) => void) {
  // Single-page apps rewrite the address; the load belongs to the page that was loaded.
  const page = location.pathname;
  const id = `${performance.timeOrigin}-${Math.random()}`;
  const values: Record<string, number> = {};
  const message = (): VitalsMessage => ({ kind: 'vitals', id, page, values });

  const stage = new EventTarget();
  let hiding = false;
  const ownDocument = new Proxy(document, {
    get: (real, key) => (key === 'visibilityState' && hiding ? 'hidden' : Reflect.get(real, key) as unknown),
  });
  const hide = (): void => { stage.dispatchEvent(new Event('visibilitychange')); };
  const settle = (): void => {
    hiding = true;
    try { hide(); } finally { hiding = false; }
  };
  addEventListener('visibilitychange', hide, true);
  const placeOf = (type: string): EventTarget => (type === 'visibilitychange' ? stage : window);
  const webVitals = load(
    (type, listener, options) => placeOf(type).addEventListener(type, listener, options),
    (type, listener, options) => placeOf(type).removeEventListener(type, listener, options),
    ownDocument,
  );

  let leaving = false;
  let sending = false;
  const hand = (): void => {
    if (sending) return;
    sending = true;
    queueMicrotask(() => { sending = false; send(message()); });
  };
  // 16 ms is the finest an event entry can be: the default of 40 would leave quick interactions without a value.
  const options = { reportAllChanges: true, durationThreshold: 16 };
  for (const register of [webVitals.onLCP, webVitals.onINP, webVitals.onCLS, webVitals.onFCP, webVitals.onTTFB]) {
    register(({ name, value }) => {
      values[name] = value;
      if (leaving) hand();
    }, options);
  }
  addEventListener('beforeunload', () => {
    settle();
    leaving = true;
    hand();
  }, true);

  let acted = false;
  for (const type of ['pointerdown', 'keydown']) {
    addEventListener(type, (event) => { acted ||= event.isTrusted; }, { capture: true, passive: true });
  }
  /** Resolves once the browser has handed out the entry of the first interaction; some, such as Escape, never get one. */
  const firstInteraction = (): Promise<void> => new Promise((resolve) => {
    const limit = setTimeout(resolve, 300);
    const observer = new PerformanceObserver(() => { observer.disconnect(); clearTimeout(limit); resolve(); });
    observer.observe({ type: 'first-input', buffered: true });
  });
  const nextFrame = (): Promise<void> => new Promise((resolve) => {
    const limit = setTimeout(resolve, 100);
    requestAnimationFrame(() => setTimeout(() => { clearTimeout(limit); resolve(); }));
  });
  /** A page that shows something gets its paint entries a frame or two after the paint; a used one gets no LCP any more. */
  const paintsReported = async (): Promise<void> => {
    const untilMs = performance.now() + 300;
    const complete = (): boolean => values.FCP !== undefined && (acted || values.LCP !== undefined);
    while (!complete() && document.visibilityState === 'visible' && performance.now() < untilMs) await nextFrame();
  };

  /** Final values of a page that is about to be closed. */
  const take = async (): Promise<VitalsMessage> => {
    // An interaction's entry comes some time after the frame that it led to, and is not counted before.
    if (acted) await Promise.all([firstInteraction(), nextFrame().then(nextFrame)]);
    await paintsReported();
    settle();
    return message();
  };

  return { document, take };
}

export type PageVitals = ReturnType<typeof pageVitals>;
