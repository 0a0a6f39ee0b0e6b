import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright';
import { defaultBrowser, temporaryFolder } from '../../drive/testing.ts';
import { RunRecord } from '../../model/index.ts';
import { htmlReporter } from './html.ts';
import { sampleStory, withDrills } from './sample.ts';

const GOLDEN = RunRecord.parse(JSON.parse(readFileSync(new URL('../../golden/run/record.json', import.meta.url), 'utf8')));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const HOSTILE = `<img src="https://evil.example/x.png" onerror="window.pwned=1"><script>window.pwned=1</script>'"&amp; ${'long'.repeat(40)} ${'many words '.repeat(20)}end`;

interface Finding { impact: string | null; id: string; nodes: { html: string }[] }

test('in a real browser: accessible in light, dark and on a phone, two pages on paper, nothing fetched, names from outside are text', { timeout: 90_000 }, async (t) => {
  const { executablePath, env } = await defaultBrowser();
  const browser = await chromium.launch({ executablePath, env: { ...process.env, ...env }, args: ['--no-sandbox'] });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1_200, height: 900 } });
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));

  const open = async (name?: string): Promise<void> => {
    const runDir = temporaryFolder(t);
    await htmlReporter.write(withDrills(GOLDEN, name), { runDir, runPath: 'reports/run', stepSummaryPath: null, story: sampleStory(name) });
    const url = String(pathToFileURL(join(runDir, 'index.html')));
    requests.length = 0;
    await page.goto(url);
    assert.deepEqual(requests, [url]);
    assert.ok((await readFile(join(runDir, 'index.html'))).length < 1_000_000);
  };
  const accessible = async (what: string): Promise<void> => {
    const found = await page.evaluate<Finding[]>(`${AXE};axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)`);
    assert.deepEqual(found.map(({ impact, id, nodes }) => `${impact} ${id}: ${nodes[0]?.html}`), [], what);
  };
  const overflow = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  const sheets = async (): Promise<number> => ((await page.pdf({ preferCSSPageSize: true })).toString('latin1').match(/\/Type\s*\/Page\b/g) ?? []).length;

  await open();
  await accessible('light');
  assert.equal(await sheets(), 2);
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), '✗ No-go');
  assert.equal(await page.getByText('The numbers behind these lines').evaluate((summary) => summary.closest('details')?.open), false);
  await page.getByText('The numbers behind these lines').click();
  await page.getByRole('region', { name: 'Values by slot' }).getByRole('rowheader', { name: '04:30' }).waitFor();
  await page.emulateMedia({ colorScheme: 'dark' });
  await accessible('dark, with the numbers open');
  await page.emulateMedia({ colorScheme: 'light' });

  await open(HOSTILE);
  assert.equal(await sheets(), 2);
  await page.setViewportSize({ width: 360, height: 740 });
  assert.equal(await overflow(), 0);
  await accessible('phone, hostile names');
  assert.equal(await page.evaluate(() => 'pwned' in window), false);
  assert.equal(await page.locator('img, script').count(), 0);
  const shown = await page.locator('body').innerText();
  assert.ok(shown.split('<script>window.pwned=1</script>').length > 20);
  assert.deepEqual(complaints, []);
});
