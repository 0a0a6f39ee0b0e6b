import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright';
import type { ResolvedBrowser } from './browser.ts';

const KEPT_IN = fileURLToPath(new URL('../../node_modules/.cache/openshow-journeys/user-agents.json', import.meta.url));

const asked = new Map<string, Promise<string>>();

/** Returns the user agent of a running browser. */
export async function browserAgent(browser: Browser): Promise<string> {
  const session = await browser.newBrowserCDPSession();
  const { userAgent } = await session.send('Browser.getVersion');
  return userAgent;
}

/**
 * Returns the user agent that a browser has by itself. Only the browser knows it, and its switch `--user-agent` takes a whole one.
 * To ask takes a start of it, a quarter of a CPU-second: so the answer is kept with the checkout. Throws what the start throws.
 */
export function ownUserAgent(resolved: ResolvedBrowser, args: string[], file = KEPT_IN): Promise<string> {
  const key = `${resolved.executablePath} ${resolved.version}`;
  const before = asked.get(key);
  if (before) return before;
  const asking = ownOrKept(resolved, args, key, file);
  asked.set(key, asking);
  asking.catch(() => asked.delete(key));
  return asking;
}

async function ownOrKept({ executablePath, env }: ResolvedBrowser, args: string[], key: string, file: string): Promise<string> {
  const kept = await readKept(file);
  const known = kept[key];
  // It becomes an argument and a header: what somebody else left there must not be anything else.
  if (typeof known === 'string' && /^Mozilla\/[\x20-\x7e]+$/.test(known)) return known;
  const browser = await chromium.launch({ executablePath, args, env: { ...process.env, ...env } });
  try {
    const agent = await browserAgent(browser);
    await keep(file, { ...kept, [key]: agent });
    return agent;
  } finally {
    await browser.close();
  }
}

async function readKept(file: string): Promise<Record<string, unknown>> {
  try {
    const kept: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof kept === 'object' && kept !== null ? { ...kept } : {};
  } catch {
    // Not there yet, or broken: it is asked anew.
    return {};
  }
}

async function keep(file: string, all: Record<string, unknown>): Promise<void> {
  const partial = `${file}.${process.pid}`;
  // Where nothing can be kept, the next run asks again.
  await mkdir(dirname(file), { recursive: true }).then(() => writeFile(partial, `${JSON.stringify(all, null, 2)}\n`)).then(() => rename(partial, file)).catch(() => {});
}
