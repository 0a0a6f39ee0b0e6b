import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright';
import { cases } from '../../bench/accuracy/cases.ts';
import { runHarness } from '../../bench/accuracy/run.ts';
import { openSites, type Sites } from '../../bench/accuracy/server.ts';
import { resolveBrowser } from '../drive/browser.ts';
import { installPerceivedClock, type Perceived, type PerceivedClock } from './perceived.ts';

let browser: Browser;
let sites: Sites;
before(async () => {
  const { executablePath, env } = await resolveBrowser({ BROWSER: 'headless-shell', ...process.env });
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], env: { ...process.env, ...env } });
  sites = await openSites();
});
after(async () => {
  await browser.close();
  await sites.close();
});

// Two frames; on a busy machine something may slip between the page's stamp and ours, so the best of three counts.
const TOLERANCE_MS = 34;

describe('the clock says what the page itself saw', () => {
  for (const one of cases.filter(({ delayMs }) => delayMs <= 600)) {
    test(`${one.title} (${one.delayMs} ms)`, async () => {
      let errorMs = Infinity;
      for (let attempt = 0; attempt < 3 && errorMs > TOLERANCE_MS; attempt += 1) {
        const [sample] = await runHarness(browser, sites, one, 1);
        assert.ok(sample);
        assert.equal(sample.reason, null);
        errorMs = Math.min(errorMs, Math.abs((sample.clocks.harness ?? Infinity) - sample.truthMs));
      }
      assert.ok(errorMs <= TOLERANCE_MS, `off by ${errorMs} ms`);
    });
  }
});

interface Tools { page: Page; context: BrowserContext; clock: PerceivedClock }

async function withPage(run: (tools: Tools) => Promise<void>): Promise<void> {
  const context = await browser.newContext();
  context.setDefaultTimeout(5000);
  const clock = await installPerceivedClock(context);
  try { await run({ page: await context.newPage(), context, clock }); } finally { await context.close(); }
}

async function step(
  clock: PerceivedClock, page: Page, until: Locator, action: () => Promise<unknown>,
): Promise<Perceived> {
  const mark = await clock.beginStep(until, page);
  await action();
  await until.waitFor();
  return clock.measure(mark, until);
}

/** Gives the page a button that runs `code`, and the markup. */
async function show(page: Page, markup: string, code: string): Promise<Locator> {
  await page.goto(`${sites.home}/plain`);
  await page.evaluate(([body, source]) => {
    document.body.innerHTML = `<button id="act">act</button>${body}`;
    document.querySelector('#act')?.setAttribute('onclick', source ?? '');
  }, [markup, code]);
  return page.locator('#act');
}

describe('where the clock cannot tell, it says why, and gives no number', () => {
  const reasons: [string, RegExp, (page: Page, clock: PerceivedClock) => Promise<Perceived>][] = [
    ['a step that awaits nothing', /awaits no element/, async (page, clock) =>
      clock.measure(await clock.beginStep(undefined, page), page.locator('p'))],
    ['a step without input or navigation', /no trusted input and no navigation/, async (page, clock) => {
      await show(page, '<p hidden>late</p>', '');
      const reveal = (): void => { document.querySelector('p')!.hidden = false; };
      return step(clock, page, page.locator('p'), () => page.evaluate(reveal));
    }],
    ['a click made by script', /no trusted input/, async (page, clock) => {
      const act = await show(page, '<p hidden>late</p>', 'document.querySelector("p").hidden = false;');
      return step(clock, page, page.locator('p'), () => act.dispatchEvent('click'));
    }],
    ['an element that was visible all along', /visible before the step began/, async (page, clock) => {
      const act = await show(page, '<p>here</p>', '');
      return step(clock, page, page.locator('p'), () => act.click());
    }],
    ['a locator that the page cannot follow', /cannot follow this locator: :below/, async (page, clock) => {
      const act = await show(page, '<p>here</p>', '');
      return step(clock, page, page.locator('p:below(#act)'), () => act.click());
    }],
    ['an element that was gone before it was painted', /is gone/, async (page, clock) => {
      const act = await show(page, '<p hidden>late</p>', `const p = document.querySelector('p'); p.hidden = false;
        p.getBoundingClientRect(); p.hidden = true;`);
      const mark = await clock.beginStep(page.locator('p'), page);
      await act.click();
      return clock.measure(mark, page.locator('p'));
    }],
    ['another element than the one named', /not the element that was named/, async (page, clock) => {
      const act = await show(page, '<p>here</p>', '');
      const mark = await clock.beginStep(page.locator('p'), page);
      await act.click();
      return clock.measure(mark, page.locator('button'));
    }],
    ['a page that was closed', /could not be asked/, async (page, clock) => {
      const act = await show(page, '<p hidden>late</p>', 'document.querySelector("p").hidden = false;');
      const mark = await clock.beginStep(page.locator('p'), page);
      await act.click();
      await page.close();
      return clock.measure(mark, page.locator('p'));
    }],
    ['a page that crashed', /could not be asked/, async (page, clock) => {
      await show(page, '<p>here</p>', '');
      const mark = await clock.beginStep(page.locator('p'), page);
      const crashed = page.waitForEvent('crash');
      page.goto('chrome://crash').catch(() => {});
      await crashed;
      return clock.measure(mark, page.locator('p'));
    }],
  ];
  for (const [title, reason, run] of reasons) {
    test(title, () => withPage(async ({ page, clock }) => {
      const perceived = await run(page, clock);
      assert.equal(perceived.perceivedMs, null);
      assert.match(perceived.reason ?? '', reason);
    }));
  }
});

test('an element that is gone again before anyone asks is still timed', () => withPage(async ({ page, clock }) => {
  const act = await show(page, '<p hidden>toast</p>', 'document.querySelector("p").hidden = false;');
  const until = page.locator('p');
  const mark = await clock.beginStep(until, page);
  await act.click();
  await until.waitFor();
  await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
  await page.evaluate(() => document.querySelector('p')?.remove());
  assert.ok((await clock.measure(mark, until)).perceivedMs !== null);
}));

test('two elements awaited from one action are both timed from it', () => withPage(async ({ page, clock }) => {
  const act = await show(page, '<p id="a" hidden>a</p><p id="b" hidden>b</p>', `const later = (id, ms) =>
    setTimeout(() => { document.querySelector(id).hidden = false; }, ms); later('#a', 50); later('#b', 150);`);
  const [first, second] = [page.locator('#a'), page.locator('#b')];
  const marks = [await clock.beginStep(first, page), await clock.beginStep(second, page)] as const;
  await act.click();
  await second.waitFor();
  const [a, b] = [await clock.measure(marks[0], first), await clock.measure(marks[1], second)];
  assert.equal(a.startedAtEpochMs, b.startedAtEpochMs);
  assert.ok(a.perceivedMs !== null && b.perceivedMs !== null && b.perceivedMs - a.perceivedMs >= 50);
}));

test('a script that moves on to another page counts from the first page', () => withPage(async ({ page, clock }) => {
  await page.route('**/first', (route) => route.fulfill({ contentType: 'text/html',
    body: '<script>setTimeout(() => location.replace("/plain"), 200)</script>' }));
  const perceived = await step(clock, page, page.locator('#done'), () => page.goto(`${sites.home}/first`));
  assert.equal(perceived.startedBy, 'navigation');
  assert.ok(perceived.perceivedMs !== null && perceived.perceivedMs >= 200);
}));

test('a filled field starts the clock, although no key goes down', () => withPage(async ({ page, clock }) => {
  await show(page, '<input><p hidden>late</p>', '');
  await page.evaluate(() => document.querySelector('input')?.addEventListener('input', () => {
    document.querySelector('p')!.hidden = false;
  }));
  const perceived = await step(clock, page, page.locator('p'), () => page.locator('input').fill('abc'));
  assert.equal(perceived.startedBy, 'input');
}));

// Guards the two private seams (a locator's selector, Playwright's parser) and our reading of selectors: each locator
// must mean the same to the page as to Playwright, and nothing else that is already visible.
describe('the page follows locators as Playwright does', () => {
  const markup = `<div id="decoy"><h2>Other</h2><label>Mail <input placeholder="you@x.org"></label><button>Send</button>
    <ul><li>one</li><li>two</li></ul><img alt="logo" width="5" height="5"></div>
    <section hidden><h2 title="t">Receipt <b>no. 7</b></h2>
    <label for="n">Full  name</label><input id="n" placeholder="Ada L.">
    <button aria-pressed="true">Save <span>all</span></button><button disabled>Cannot</button>
    <ul><li>paid <b>in full</b></li><li>open</li></ul><p data-testid="total">Total: <i>7 €</i></p>
    <a href="#x">More…</a>    <input type="checkbox" checked aria-label="Agree">
    <select aria-label="Country"><option selected>Chile</option></select>    <nav aria-label="Steps">nav</nav><table><tr><td>cell nine</td></tr></table><div role="alert">Sent</div>
    <details open><summary>sum</summary>text</details>
    <input type="submit" value="Go on"><button><svg aria-label="Close" width="9" height="9"></svg></button></section>`;
  const locators: [string, (page: Page) => Locator][] = [
    ['css', (page) => page.locator('section > h2')],
    ['css list and pseudo-classes', (page) => page.locator('nope, section h2:not(.a):is(h2)')],
    [':has-text and combinators', (page) => page.locator('section:has-text("receipt") > p')],
    [':visible', (page) => page.locator('h2[title]:visible')],
    [':text-is', (page) => page.locator('button:text-is("Cannot")')],
    ['xpath', (page) => page.locator('//section//p')],
    ['text=', (page) => page.locator('text=total: 7')],
    ['text, exact', (page) => page.getByText('Total: 7 €', { exact: true })],
    ['text, regular expression', (page) => page.getByText(/^paid in/)],
    ['text on a button', (page) => page.getByText('Go on')],
    ['label', (page) => page.getByLabel('full name')],
    ['placeholder', (page) => page.getByPlaceholder('ada')],
    ['title', (page) => page.getByTitle('t', { exact: true })],
    ['test id', (page) => page.getByTestId('total')],
    ['heading by name', (page) => page.getByRole('heading', { name: 'Receipt no. 7', exact: true })],
    ['pressed button', (page) => page.getByRole('button', { name: 'save ALL', pressed: true })],
    ['disabled button', (page) => page.getByRole('button', { disabled: true })],
    ['button named by a picture', (page) => page.getByRole('button', { name: 'Close' })],
    ['submit button', (page) => page.getByRole('button', { name: /^go/i })],
    ['link', (page) => page.getByRole('link', { name: 'More' })],
    ['checked checkbox', (page) => page.getByRole('checkbox', { name: 'Agree', checked: true })],
    ['combobox', (page) => page.getByRole('combobox', { name: 'Country' })],
    ['navigation', (page) => page.getByRole('navigation', { name: 'Steps' })],
    ['cell', (page) => page.getByRole('cell', { name: 'nine' })],
    ['alert', (page) => page.getByRole('alert')],
    ['textbox by label', (page) => page.getByRole('textbox', { name: 'Full name' })],
    ['heading level', (page) => page.getByRole('heading', { level: 2, name: 'receipt' })],
    ['filter has, not, nth', (page) =>
      page.getByRole('listitem').filter({ has: page.locator('b'), hasNotText: 'x' }).nth(0)],
    ['chain, and, first', (page) =>
      page.locator('section').locator(page.locator('li')).and(page.getByText('paid')).first()],
    ['or, last', (page) => page.locator('none').or(page.locator('section li')).last()],
    ['filter visible', (page) => page.locator('section p').filter({ visible: true })],
  ];
  for (const [title, locate] of locators) {
    test(title, () => withPage(async ({ page, clock }) => {
      const act = await show(page, markup, 'document.querySelector("section").hidden = false;');
      const perceived = await step(clock, page, locate(page), () => act.click());
      assert.equal(perceived.reason, null);
      assert.ok(perceived.perceivedMs !== null);
    }));
  }
});

describe('a clock that is set makes no wrong number', () => {
  for (const byMs of [3_600_000, -3_600_000, 250]) {
    test(`during a step, by ${byMs} ms: unmeasured, with the reason; the next step counts again`, async (t) => {
      await withPage(async ({ page, clock }) => {
        const button = await show(page, '<p id="out" hidden>out</p>', 'out.hidden = false');
        const real = Date.now;
        const measured = await step(clock, page, page.locator('#out'), async () => {
          await button.click();
          t.mock.method(Date, 'now', () => real() + byMs);
        });
        assert.deepEqual([measured.perceivedMs, measured.reason], [null, 'the clock of the machine was set during this step']);
        t.mock.restoreAll();
        const next = await step(clock, page, page.locator('p'), () => page.goto(`${sites.home}/plain`));
        assert.equal(next.reason, null);
      });
    });
  }

  for (const byMs of [3_600_000, -3_600_000]) {
    test(`before a step, by ${byMs} ms: documents that tell time by the old clock are still understood`, async (t) => {
      const context = await browser.newContext();
      // Stands for the machine's clock in every process: the page's Date.now, and ours, are ahead of the documents' own clocks.
      await context.addInitScript(`{ const real = Date.now; Date.now = () => real() + ${byMs}; }`);
      const clock = await installPerceivedClock(context);
      const real = Date.now;
      t.mock.method(Date, 'now', () => real() + byMs);
      const page = await context.newPage();
      const measured = await step(clock, page, page.locator('p'), () => page.goto(`${sites.home}/plain`));
      t.mock.restoreAll();
      await context.close();
      assert.equal(measured.reason, null);
      assert.ok(measured.perceivedMs !== null && measured.perceivedMs >= 0 && measured.perceivedMs < 5_000);
    });
  }
});
