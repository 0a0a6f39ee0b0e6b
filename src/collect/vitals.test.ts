import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright';
import { resolveBrowser } from '../drive/browser.ts';
import { installVitals, type VitalSample } from './vitals.ts';

const page = (body: string): string => `<!doctype html><html lang="en"><title>t</title><body><h1>here</h1>${body}`;
const pages: Record<string, string> = {
  // Entries are rounded to 8 ms: an interaction that took less than 4 would truly read as 0.
  '/still': page('<a href="/next">next</a><button onclick="for (const from = performance.now(); performance.now() < from + 20;); '
    + 'this.textContent = 1">act</button>'),
  '/next': page('<p>next</p>'),
  '/shift': page('<p style="height: 300px">text</p><script>requestAnimationFrame(() => requestAnimationFrame(() => '
    + 'document.body.insertAdjacentHTML("afterbegin", "<div style=\\"height: 300px\\"></div>")))</script>'),
  '/opener': page('<button onclick="window.open(\'/popup\')">open</button>'),
  '/popup': page('<button onclick="window.close()">close</button>'),
  '/hides': page('<script>addEventListener("visibilitychange", () => { document.title = "app saw it"; });</script>'),
};

let browser: Browser;
let server: Server;
let home: string;
before(async () => {
  const { executablePath, env } = await resolveBrowser({ BROWSER: 'headless-shell', ...process.env });
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], env: { ...process.env, ...env } });
  server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html').end(pages[request.url ?? ''] ?? page(''));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  await browser.close();
  server.closeAllConnections();
  server.close();
});

/** Runs a journey and returns its vitals: page → name → value. */
async function vitalsOf(
  journey: (first: Page, context: BrowserContext) => Promise<unknown>,
): Promise<{ samples: VitalSample[]; of: (path: string, name: VitalSample['name']) => number | null | undefined }> {
  const context = await browser.newContext();
  context.setDefaultTimeout(5000);
  const samples: VitalSample[] = [];
  const vitals = await installVitals(context, (sample) => samples.push(sample));
  try {
    await journey(await context.newPage(), context);
    await vitals.flush();
    // A second flush, as after a failed step, adds nothing.
    await vitals.flush();
  } finally { await context.close(); }
  return { samples, of: (path, name) => samples.find((sample) => sample.page === path && sample.name === name)?.value };
}

const painted = (one: Page): Promise<unknown> => one.evaluate(() => new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)));
}));

test('every page of a journey is reported once, left by a link, by address or still open', async () => {
  const { samples, of } = await vitalsOf(async (one) => {
    await one.goto(`${home}/still`);
    await painted(one);
    await one.getByText('next').first().click();
    await one.waitForURL('**/next');
    await painted(one);
    await one.goto(`${home}/last`);
    await painted(one);
  });
  for (const path of ['/still', '/next', '/last']) {
    const names = samples.filter((sample) => sample.page === path).map(({ name }) => name);
    assert.deepEqual(names, ['LCP', 'INP', 'CLS', 'FCP', 'TTFB'], path);
    assert.ok((of(path, 'FCP') ?? 0) > 0, `${path} FCP`);
    assert.ok((of(path, 'LCP') ?? 0) >= (of(path, 'FCP') ?? Infinity), `${path} LCP`);
    assert.ok((of(path, 'TTFB') ?? 0) > 0, `${path} TTFB`);
  }
});

test('INP has a value after an interaction, and none without', async () => {
  const { of } = await vitalsOf(async (one) => {
    await one.goto(`${home}/still`);
    await one.getByText('act').click();
    await painted(one);
    await one.goto(`${home}/next`);
    await painted(one);
  });
  assert.ok((of('/still', 'INP') ?? 0) > 0);
  assert.equal(of('/next', 'INP'), null);
});

test('the interaction right before the end counts', async () => {
  const { of } = await vitalsOf(async (one) => {
    await one.goto(`${home}/still`);
    await one.getByText('act').click();
  });
  assert.ok((of('/still', 'INP') ?? 0) > 0);
});

test('CLS is zero for a page that was seen to stand still, and more for one that jumped', async () => {
  const { of } = await vitalsOf(async (one) => {
    await one.goto(`${home}/shift`);
    await painted(one);
    await painted(one);
    await one.goto(`${home}/next`);
    await painted(one);
  });
  assert.ok((of('/shift', 'CLS') ?? 0) > 0.01);
  assert.equal(of('/next', 'CLS'), 0);
});

test('popups are reported, open ones and those that closed themselves', async () => {
  const { samples } = await vitalsOf(async (one) => {
    await one.goto(`${home}/opener`);
    for (const closes of [true, false]) {
      const opened = one.waitForEvent('popup');
      await one.getByText('open').click();
      const popup = await opened;
      await popup.getByText('close').waitFor();
      await painted(popup);
      // The window may be gone before the click is known to have ended: what counts is that it closes.
      if (closes) await Promise.all([popup.waitForEvent('close'), popup.getByText('close').click().catch(() => {})]);
    }
  });
  const shown = samples.filter(({ page: path, name }) => path === '/popup' && name === 'FCP');
  assert.equal(shown.length, 2);
  for (const { value } of shown) assert.ok((value ?? 0) > 0);
});

test('a page that was closed without a word has null values, not zeros and not silence', async () => {
  const { samples } = await vitalsOf(async (one, context) => {
    await one.goto(`${home}/still`);
    const other = await context.newPage();
    await other.goto(`${home}/next`);
    await other.close();
  });
  const values = samples.filter(({ page: path }) => path === '/next').map(({ value }) => value);
  assert.deepEqual(values, [null, null, null, null, null]);
});

test('a page that hangs has null values and does not hold up the rest', async () => {
  const { of } = await vitalsOf(async (one, context) => {
    await one.goto(`${home}/still`);
    await painted(one);
    const other = await context.newPage();
    await other.goto(`${home}/next`);
    await other.evaluate(() => { setTimeout(() => { for (;;); }); });
  });
  assert.equal(of('/next', 'LCP'), null);
  assert.ok((of('/still', 'LCP') ?? 0) > 0);
});

test('pages that were never opened are not reported, and the app is not told that it was hidden', async () => {
  let title = '';
  const { samples } = await vitalsOf(async (one, context) => {
    await context.newPage();
    await one.goto(`${home}/hides`);
    const vitals = await installVitals(context, () => {});
    await vitals.flush();
    title = await one.title();
  });
  assert.equal(title, 't');
  assert.equal(new Set(samples.map(({ page: path }) => path)).size, 1);
});
