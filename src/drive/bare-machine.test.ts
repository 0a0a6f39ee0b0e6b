import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

/** Shows a text in the bundled shell and prints how wide it came out, in pixels. */
const PROGRAM = `
  import { chromium } from 'playwright';
  import { resolveBrowser } from ${JSON.stringify(new URL('./browser.ts', import.meta.url).href)};
  const found = await resolveBrowser({ BROWSER: 'headless-shell' });
  const browser = await chromium.launch({ executablePath: found.executablePath, args: ['--no-sandbox'], env: { ...process.env, ...found.env } });
  const page = await browser.newPage();
  await page.setContent('<span>Hello</span>');
  console.log(JSON.stringify({ width: (await page.locator('span').boundingBox()).width, source: found.source }));
  await browser.close();
`;

/** A machine that has just been installed, for one process: folders emptied and libraries hidden in a namespace of its own. */
const HIDE = `
  for folder in /usr/share/fonts /usr/local/share/fonts /etc/fonts; do [ -d $folder ] && mount -t tmpfs none $folder; done
  for file in /usr/lib/x86_64-linux-gnu/libnss*3.so /usr/lib/x86_64-linux-gnu/libnspr4.so; do [ -e $file ] && mount --bind /dev/null $(readlink -f $file); done
  exec "$0" "$@"`;

const able = process.platform === 'linux' && process.arch === 'x64' && process.getuid?.() === 0 && existsSync('/usr/bin/unshare')
  && spawnSync('unshare', ['-m', 'true']).status === 0;

test('the bundled shell shows text on a machine without fonts and without NSS', { skip: able ? false : 'skipped: needs root and unshare on Linux x64' }, () => {
  const run = spawnSync('unshare', ['-m', 'sh', '-c', HIDE, process.execPath, '--input-type=module', '-e', PROGRAM], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(run.status, 0, run.stderr);
  const { width, source } = JSON.parse(run.stdout) as { width: number; source: string };
  assert.equal(source, 'bundled headless shell');
  assert.ok(width > 0, 'without a font a text has no width, and is never visible');
});
