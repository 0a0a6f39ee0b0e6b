import { pageClock } from './clock.ts';
import { finder } from './find.ts';
import { textTools } from './text.ts';
import { pageVitals } from './vitals.ts';

/** The names under which documents keep the probes, and the one under which they call back to Node. */
export const PROBE = '__openshowProbe';
export const VITALS = '__openshowVitals';
export const CHANNEL = '__openshowChannel';

/** The clock's init script, as text: Node has stripped the types, so the functions' own text is what the page runs. */
export function clockSource(): string {
  return `(() => {
    const send = globalThis[${JSON.stringify(CHANNEL)}];
    if (!send || globalThis[${JSON.stringify(PROBE)}]) return;
    const probe = (${pageClock})((${finder})((${textTools})()), (message) => { void send(message); });
    Object.defineProperty(globalThis, ${JSON.stringify(PROBE)}, { value: probe });
  })();`;
}

/** The vitals' init script; `webVitals` is the text of the web-vitals package's iife build. Top documents only. */
export function vitalsSource(webVitals: string): string {
  return `(() => {
    const send = globalThis[${JSON.stringify(CHANNEL)}];
    if (!send || window !== window.top || location.href === 'about:blank') return;
    if (globalThis[${JSON.stringify(VITALS)}]) return;
    ${webVitals}
    const probe = (${pageVitals})(webVitals, (message) => { void send(message); });
    Object.defineProperty(globalThis, ${JSON.stringify(VITALS)}, { value: probe });
  })();`;
}
