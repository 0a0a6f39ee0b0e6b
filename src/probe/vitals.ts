import type { VitalsMessage } from './plan.ts';

/** The part of web-vitals used here. */
interface WebVitals {
  onLCP: Register; onINP: Register; onCLS: Register; onFCP: Register; onTTFB: Register;
}
type Register = (report: (metric: { name: string; value: number }) => void,
  options: { reportAllChanges: boolean; durationThreshold?: number }) => void;

/**
 * The page's side of the vitals: web-vitals measures, this keeps its latest values and hands them out once, when the
 * document goes away or when Node asks first. Self-contained: it is sent to every document as text.
 */
export function pageVitals(webVitals: WebVitals, send: (message: VitalsMessage) => void) {
  // Single-page apps rewrite the address; the load belongs to the page that was loaded.
  const page = location.pathname;
  const values: Record<string, number> = {};
  let handedOut = false;
  // 16 ms is the finest an event entry can be: the default of 40 would leave quick interactions without a value.
  const options = { reportAllChanges: true, durationThreshold: 16 };
  for (const register of [webVitals.onLCP, webVitals.onINP, webVitals.onCLS, webVitals.onFCP, webVitals.onTTFB]) {
    register(({ name, value }) => { values[name] = value; }, options);
  }

  let asking = false;
  const onHide = (event: Event): void => {
    // Our own question is for web-vitals, whose listener came before this one, and not for the app's listeners.
    if (asking) { event.stopImmediatePropagation(); return; }
    if (handedOut || document.visibilityState !== 'hidden') return;
    handedOut = true;
    send({ kind: 'vitals', page, values });
  };
  addEventListener('visibilitychange', onHide, true);

  const nextFrames = (): Promise<void> => new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)));
    setTimeout(resolve, 300);
  });

  /** Final values of a page that is about to be closed; null if they were handed out before. */
  const take = async (): Promise<VitalsMessage | null> => {
    if (handedOut) return null;
    // The last interaction's entry comes with the frame after it.
    await nextFrames();
    if (handedOut) return null;
    handedOut = true;
    // web-vitals settles its values when the page hides, and for nothing less.
    asking = true;
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    try { document.dispatchEvent(new Event('visibilitychange', { bubbles: true })); } finally {
      Reflect.deleteProperty(document, 'visibilityState');
      asking = false;
    }
    return { kind: 'vitals', page, values };
  };

  return { take };
}

export type PageVitals = ReturnType<typeof pageVitals>;
