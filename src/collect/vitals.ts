import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { BrowserContext, Page } from 'playwright';
import type { VitalsMessage } from '../probe/plan.ts';
import { VITALS, vitalsSource } from '../probe/source.ts';
import type { PageVitals } from '../probe/vitals.ts';
import { listen } from './perceived-channel.ts';

export interface VitalSample {
  /** the path of the page as it was loaded */
  page: string;
  name: 'LCP' | 'INP' | 'CLS' | 'FCP' | 'TTFB';
  /** ms (CLS has no unit); null: the page came to no value, e.g. no interaction for INP */
  value: number | null;
}

const NAMES = ['LCP', 'INP', 'CLS', 'FCP', 'TTFB'] as const;
const PAGE_LIMIT_MS = 900;

// The package's main file and its iife build lie side by side; only the former has a public name.
const main = createRequire(import.meta.url).resolve('web-vitals');
const source = vitalsSource(readFileSync(join(dirname(main), 'web-vitals.iife.js'), 'utf8'));

// Runs in the page.
const take = (name: string): Promise<VitalsMessage | null> | undefined =>
  (globalThis as unknown as Record<string, PageVitals | undefined>)[name]?.take();

/**
 * Reports the vitals of every page of a context, popups included: when a page goes away, and for those still open
 * when `flush` is called (before the context or its pages are closed; takes a second at most, hung pages included).
 */
export async function installVitals(
  context: BrowserContext, sink: (sample: VitalSample) => void,
): Promise<{ flush(): Promise<void> }> {
  const report = (page: string, values: Record<string, number>): void => {
    for (const name of NAMES) sink({ page, name, value: values[name] ?? null });
  };
  await listen(context, (message) => {
    if (message.kind === 'vitals') report(message.page, message.values);
  });
  await context.addInitScript({ content: source });

  const flushed = new WeakSet<Page>();
  async function flushPage(page: Page): Promise<void> {
    const url = page.url();
    if (flushed.has(page) || url === '' || url === 'about:blank') return;
    flushed.add(page);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<'late'>((resolve) => { timer = setTimeout(resolve, PAGE_LIMIT_MS, 'late'); });
    const answer = await Promise.race([page.evaluate(take, VITALS).catch(() => 'failed' as const), limit]);
    clearTimeout(timer);
    if (answer === 'late' || answer === 'failed') report(new URL(url).pathname, {});
    else if (answer) report(answer.page, answer.values);
  }

  return { flush: async () => { await Promise.all(context.pages().map(flushPage)); } };
}
