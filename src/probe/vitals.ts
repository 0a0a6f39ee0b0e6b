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

  const nextFrames = (): Promise<void> => new Promise((resolve) => {
    const limit = setTimeout(resolve, 300);
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => { clearTimeout(limit); resolve(); })));
  });

  /** Final values of a page that is about to be closed. */
  const take = async (): Promise<VitalsMessage> => {
    // The last interaction's entry comes with the frame after it.
    if (performance.interactionCount > 0) await nextFrames();
    settle();
    return message();
  };

  return { document, take };
}

export type PageVitals = ReturnType<typeof pageVitals>;
