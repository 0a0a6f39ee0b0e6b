import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromium } from 'playwright';
import { Redactor } from '../privacy/redactor.ts';
import { defaultBrowser, temporaryFolder } from './testing.ts';
import { picture } from './picture.ts';
import { PrivateTexts } from './private-texts.ts';

/** Every place where a page can show a text; `*` stands for it. */
const PLACES: Record<string, string> = {
  'a paragraph': '<p>Sent to * just now</p>',
  'inline elements that cut it in two': '<p>Sent to <b>*</b><i>#</i></p>',
  'a field': '<input value="*">',
  'inline elements that only their style sets apart': '<p><span style="margin-right: 9px">*</span><span>12</span></p>',
  'a line that goes on below': '<p>Sent to *<br>2 items</p>',
  'a list of choices, of which it is none': '<select size="3"><option selected>other</option><option>*</option></select>',
  'a text area': '<textarea>*</textarea>',
  'a placeholder': '<input placeholder="*">',
  'a choice': '<select><option>other</option><option selected>*</option></select>',
  'an alternative text': '<img src="/none.png" alt="*">',
  'a shadow root': '<div id="host"></div><script>host.attachShadow({ mode: "open" }).innerHTML = "<span>*</span>"</script>',
  'a drawing': '<svg width="600" height="40"><text y="20">*</text></svg>',
  'a frame': '<iframe width="600" srcdoc="<p>*</p>"></iframe>',
  'an open dialog': '<dialog id="d">*</dialog><script>d.showModal()</script>',
};
const [MINE, YOURS] = ['jana.novak@firma.de', 'petr.svoboda@firma.de'] as const;

/** The text in a place, in two halves where the place has room for two. */
function at(place: string, text: string): string {
  return place.includes('#') ? place.replace('*', text.slice(0, 8)).replace('#', text.slice(8)) : place.replace('*', text);
}

test('pictures and private texts in a real page', { timeout: 60_000 }, async (t) => {
  const { executablePath, env } = await defaultBrowser();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], env: { ...process.env, ...env } });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 640, height: 200 } });
  const show = (html: string): Promise<void> => page.setContent(`<!doctype html><style>* { font: 16px monospace }</style>${html}`);

  const covered = async (html: string): Promise<string> => {
    await show(html);
    const texts = new PrivateTexts(page, new Redactor());
    const mask = await texts.mark();
    assert.ok(mask);
    const bytes = await page.screenshot({ mask, animations: 'disabled', caret: 'hide' });
    assert.equal(await texts.more(), false);
    await texts.unmark();
    assert.equal(await page.locator('[data-openshow-private]').count(), 0);
    return bytes.toString('base64');
  };

  for (const [name, place] of Object.entries(PLACES)) {
    await t.test(`in ${name}, whose address it is makes no difference to the picture`, async () => {
      // As wide as each other, so that only what is shown could differ.
      assert.equal(await covered(at(place, MINE)), await covered(at(place, 'jaka.mowek@forma.de')));
    });
  }

  await t.test('what is nobody\'s stays to be seen', async () => {
    assert.notEqual(await covered('<p>ada@example.com</p>'), await covered('<p>bao@example.com</p>'));
  });

  await t.test('a private text that comes while the picture is taken is noticed', async () => {
    await show(`<p>${MINE}</p><p id="late">nothing yet</p>`);
    const texts = new PrivateTexts(page, new Redactor());
    assert.equal((await texts.mark())?.length, 1);
    assert.equal(await texts.more(), false);
    await page.locator('#late').evaluate((element, text) => void (element.textContent = text), YOURS);
    assert.equal(await texts.more(), true);
  });

  await t.test('a page that hangs is not pictured; one of another kind is, into the folder of failures', async () => {
    const folder = temporaryFolder(t);
    await show(`<p>${MINE}</p>`);
    assert.equal(await picture(page, folder, '1-open: a/b'), 'failures/1-open-a-b.jpg');
    page.evaluate('for (;;);').catch(() => {});
    assert.equal(await picture(page, folder, '1-hung'), undefined);
  });
});
