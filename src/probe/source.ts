import { pageClock } from './clock.ts';
import { everyDocument } from './documents.ts';
import { finder } from './find.ts';
import { textTools } from './text.ts';
import { pageVitals } from './vitals.ts';

/** The names under which documents keep the probes, and the one under which they call back to Node. */
export const PROBE = '__openshowProbe';
export const VITALS = '__openshowVitals';
export const CHANNEL = '__openshowChannel';

/** A function's text without comment lines and indentation, which every document would otherwise read again. */
const slim = (fn: unknown): string => String(fn)
  .replace(/^\s*(\/\/|\/\*\*?|\*).*$/gm, '').replace(/\n\s*/g, '\n');

/** The clock's init script, as text: Node has stripped the types, so the functions' own text is what the page runs. */
export function clockSource(): string {
  return `(() => {
    const name = ${JSON.stringify(PROBE)};
    const send = globalThis[${JSON.stringify(CHANNEL)}];
    if (!send) return;
    (${slim(everyDocument)})(() => {
      const before = globalThis[name];
      if (before?.document === document) return;
      const find = (${slim(finder)})((${slim(textTools)})());
      const probe = (${slim(pageClock)})(find, (message) => { void send(message); });
      Object.defineProperty(globalThis, name, { value: probe, configurable: true });
      for (const order of before?.orders() ?? []) probe.arm(order, true, []);
    });
  })();`;
}

/** The vitals' init script; `webVitals` is the text of the web-vitals package's iife build. Top documents only. */
export function vitalsSource(webVitals: string): string {
  return `(() => {
    const name = ${JSON.stringify(VITALS)};
    const send = globalThis[${JSON.stringify(CHANNEL)}];
    if (!send || window !== window.top) return;
    (${slim(everyDocument)})(() => {
      if (location.href === 'about:blank' || globalThis[name]?.document === document) return;
      const load = (addEventListener, removeEventListener, document) => {
        ${webVitals}
        return webVitals;
      };
      const probe = (${slim(pageVitals)})(load, (message) => { void send(message); });
      Object.defineProperty(globalThis, name, { value: probe, configurable: true });
    });
  })();`;
}
