import type { VitalsMessage } from './plan.ts';

/** The part of web-vitals used here. */
interface WebVitals {
  onLCP: Register; onINP: Register; onCLS: Register; onFCP: Register; onTTFB: Register;
}
type Register = (report: (metric: { name: string; value: number }) => void,
  options: { reportAllChanges: boolean; durationThreshold?: number }) => void;

/**
 * The page's side of the vitals: web-vitals measures, this keeps its latest values and hands them out when the
 * document is about to go, or when Node asks. Self-contained: it is sent to every top document as text.
 *
 * `pagehide` is too late to send anything: where a navigation swaps the renderer's frame, the debugging session that
 * carries our messages has left the old document by then (seen in the protocol log). `beforeunload` comes when the
 * navigation starts; what still changes until the new document takes over is sent as an update.
 */
export function pageVitals(webVitals: WebVitals, send: (message: VitalsMessage) => void) {
  // Single-page apps rewrite the address; the load belongs to the page that was loaded.
  const page = location.pathname;
  const id = `${performance.timeOrigin}-${Math.random()}`;
  const values: Record<string, number> = {};
  const message = (): VitalsMessage => ({ kind: 'vitals', id, page, values });

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
  addEventListener('beforeunload', () => { leaving = true; hand(); }, true);

  let asking = false;
  addEventListener('visibilitychange', (event) => {
    // Our own question is for web-vitals, whose listener came before this one, and not for the app's listeners.
    if (asking) event.stopImmediatePropagation();
  }, true);

  const nextFrames = (): Promise<void> => new Promise((resolve) => {
    const limit = setTimeout(resolve, 300);
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => { clearTimeout(limit); resolve(); })));
  });

  /** Final values of a page that is about to be closed. */
  const take = async (): Promise<VitalsMessage> => {
    // The last interaction's entry comes with the frame after it.
    if (performance.interactionCount > 0) await nextFrames();
    // web-vitals settles its values when the page hides, and for nothing less.
    asking = true;
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    try { document.dispatchEvent(new Event('visibilitychange', { bubbles: true })); } finally {
      Reflect.deleteProperty(document, 'visibilityState');
      asking = false;
    }
    return message();
  };

  return { document, take };
}

export type PageVitals = ReturnType<typeof pageVitals>;
