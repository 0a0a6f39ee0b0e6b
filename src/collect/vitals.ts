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
const take = (name: string): Promise<VitalsMessage> | undefined =>
  (globalThis as unknown as Record<string, PageVitals | undefined>)[name]?.take();

/**
 * Collects the vitals of every page of a context, popups included, and reports each page once: `flush` asks the pages
 * still open, and hands everything to `sink`. Call it before the context or its pages are closed; it takes a second at
 * most, hung pages included. A page that was closed without a word is reported with null values.
 */
export async function installVitals(
  context: BrowserContext, sink: (sample: VitalSample) => void,
): Promise<{ flush(): Promise<void> }> {
  const documents = new Map<string, VitalsMessage>();
  const heard = new WeakMap<Page, Set<string>>();
  const silent: string[] = [];
  const reported = new Set<string>();

  const keep = (message: VitalsMessage, page: Page): void => {
    documents.set(message.id, message);
    heard.set(page, (heard.get(page) ?? new Set()).add(message.page));
  };
  await listen(context, (message, page) => { if (message.kind === 'vitals') keep(message, page); });
  await context.addInitScript({ content: source });

  const asked = new WeakSet<Page>();
  const pathOf = (page: Page): string | null => {
    const url = URL.parse(page.url());
    return url && url.protocol !== 'about:' ? url.pathname : null;
  };
  context.on('page', (page) => page.once('close', () => {
    const path = pathOf(page);
    if (path !== null && !asked.has(page) && !heard.get(page)?.has(path)) silent.push(path);
  }));

  async function ask(page: Page): Promise<void> {
    const path = pathOf(page);
    if (path === null || asked.has(page)) return;
    asked.add(page);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<null>((resolve) => { timer = setTimeout(resolve, PAGE_LIMIT_MS, null); });
    const answer = await Promise.race([page.evaluate(take, VITALS).catch(() => null), limit]);
    clearTimeout(timer);
    if (answer) keep(answer, page);
    else silent.push(path);
  }

  return {
    flush: async () => {
      await Promise.all(context.pages().map(ask));
      const report = (page: string, values: Record<string, number>): void => {
        for (const name of NAMES) sink({ page, name, value: values[name] ?? null });
      };
      for (const { id, page, values } of documents.values()) {
        if (!reported.has(id)) report(page, values);
        reported.add(id);
      }
      for (const path of silent.splice(0)) report(path, {});
    },
  };
}
