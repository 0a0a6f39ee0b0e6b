import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { resolveBrowser, type ResolvedBrowser } from '../drive/browser.ts';
import { memoryLimit, packageVersion } from '../drive/environment.ts';
import { probePriority } from '../drive/launcher.ts';
import { CodedError, ERRORS, asCodedError, formatError } from '../errors.ts';
import { readSettings, type HarnessSettings } from '../plan/settings.ts';
import { calibrateMachine } from './calibrate.ts';
import { askTarget } from './doctor-target.ts';
import { gibibytes } from './units.ts';

/** Below this, two browsers, Node and a few dozen users do not fit (a user takes about 18 MB). */
const MEMORY_FLOOR_BYTES = 2 * 1024 ** 3;
const DISK_FLOOR_BYTES = 512 * 1024 ** 2;

type Mark = '✓' | '!' | '✗';
interface Line {
  mark: Mark;
  name: string;
  found: string;
  fix?: string;
}

/** Looks at everything a run needs, changes nothing, and says what to do about what is missing. */
async function main(): Promise<number> {
  const lines: Line[] = [];
  const settings = check(lines, 'settings', () => readSettings(process.cwd(), process.env), () => 'read; credentials are not shown');
  lines.push(runtime());
  lines.push(versions());
  lines.push(cores());
  lines.push(memory());
  lines.push(disk());
  const browser = settings && (await browserLine(lines, settings));
  if (browser) await browserStarts(lines, browser);
  if (settings) lines.push(await target(settings));
  for (const { mark, name, found, fix } of lines) {
    process.stdout.write(` ${mark} ${name.padEnd(10)} ${found}\n${fix ? `   ${' '.repeat(10)} → ${fix}\n` : ''}`);
  }
  const missing = lines.filter((line) => line.mark === '✗').length;
  process.stdout.write(missing > 0 ? `\n${missing} missing: a run would be refused\n` : '\nready: npx artillery run journeys.yml\n');
  return missing > 0 ? 3 : 0;
}

function check<T>(lines: Line[], name: string, attempt: () => T, found: (value: T) => string): T | null {
  try {
    const value = attempt();
    lines.push({ mark: '✓', name, found: found(value) });
    return value;
  } catch (error) {
    lines.push(broken(name, asCodedError(error)));
    return null;
  }
}

function broken(name: string, error: CodedError): Line {
  const faults = error.faults.map((fault) => `${fault.where}: ${fault.message}`).join('; ');
  return { mark: '✗', name, found: `${error.code} ${faults || ERRORS[error.code].what}`, fix: ERRORS[error.code].fix };
}

function runtime(): Line {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > 22 || (major === 22 && minor >= 18);
  const found = `Node ${process.version}${process.execPath.includes('node_modules') ? ' (pinned by the lock file)' : ` (${process.execPath})`}`;
  return enough ? { mark: '✓', name: 'runtime', found } : { mark: '✗', name: 'runtime', found, fix: 'Artillery needs Node 22.18 or newer: run "npm ci", and start by npm or npx, which use the pinned one' };
}

function versions(): Line {
  const found = ['artillery', 'artillery-engine-playwright', 'playwright', 'allure-playwright'].map((name) => `${name} ${packageVersion(name)}`);
  return { mark: '✓', name: 'packages', found: found.join(', ') };
}

function cores(): Line {
  const list = cpus();
  const found = `${list.length} × ${list[0]?.model ?? 'unknown'}`;
  return list.length >= 2 ? { mark: '✓', name: 'cores', found } : { mark: '!', name: 'cores', found, fix: 'with one core the crowd and the observers share it: expect to use less load' };
}

function memory(): Line {
  const limit = memoryLimit();
  const usable = Math.min(totalmem(), limit ?? Infinity);
  const found = `${gibibytes(totalmem())}, limit ${limit === null || limit > totalmem() ? 'none' : gibibytes(limit)}`;
  return usable >= MEMORY_FLOOR_BYTES ? { mark: '✓', name: 'memory', found } : { mark: '!', name: 'memory', found, fix: 'fewer than 2 GiB: keep maxUsers low' };
}

function disk(): Line {
  const { bavail, bsize } = statfsSync(process.cwd());
  const free = bavail * bsize;
  const found = `${gibibytes(free)} free here`;
  return free >= DISK_FLOOR_BYTES ? { mark: '✓', name: 'disk', found } : { mark: '✗', name: 'disk', found, fix: 'a run ends when its observations cannot be written: free 512 MiB' };
}

async function browserLine(lines: Line[], settings: HarnessSettings): Promise<ResolvedBrowser | null> {
  try {
    const browser = await resolveBrowser(settings);
    const libraries = browser.env.LD_LIBRARY_PATH ? ', with the system libraries that come with it' : '';
    lines.push({ mark: '✓', name: 'browser', found: `Chromium ${browser.version}, ${browser.source}${libraries} (${browser.executablePath})` });
    return browser;
  } catch (error) {
    lines.push(broken('browser', asCodedError(error)));
    return null;
  }
}

async function browserStarts(lines: Line[], browser: ResolvedBrowser): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-doctor-'));
  try {
    const startedMs = performance.now();
    const running = await chromium.launch({ executablePath: browser.executablePath, args: ['--no-sandbox'], env: { ...process.env, ...browser.env } });
    const page = await running.newPage();
    await page.setContent('<h1>ready</h1>');
    const shown = await page.getByRole('heading', { name: 'ready' }).isVisible();
    await running.close();
    if (!shown) throw new Error('it started, but showed no page');
    lines.push({ mark: '✓', name: 'starts', found: `a page was shown after ${Math.round(performance.now() - startedMs)} ms` });
    const priority = await probePriority(folder);
    const kept = priority.startsWith('lowest');
    lines.push({ mark: kept ? '✓' : '!', name: 'priority', found: `crowd: ${priority}`, ...(kept ? {} : { fix: 'the crowd may disturb the observers when the machine is busy' }) });
  } catch (error) {
    lines.push(broken('starts', new CodedError('J_BROWSER_LAUNCH', [{ where: browser.executablePath, message: missingLibraries(browser.executablePath) ?? String(error).split('\n')[0] ?? '' }])));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function missingLibraries(executable: string): string | null {
  try {
    const missing = [...execFileSync('ldd', [executable], { encoding: 'utf8' }).matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1]);
    return missing.length > 0 ? `missing libraries: ${missing.join(', ')}` : null;
  } catch {
    return null;
  }
}

async function target(settings: HarnessSettings): Promise<Line> {
  if (!settings.TARGET_URL || settings.TARGET_URL === 'embedded') {
    return { mark: '✓', name: 'target', found: 'the bundled platform, started with the run (TARGET_URL in .env names another)' };
  }
  try {
    const url = await askTarget(settings.TARGET_URL, settings);
    return { mark: '✓', name: 'target', found: `${url} answers` };
  } catch (error) {
    return broken('target', asCodedError(error));
  }
}

const asked = process.argv.slice(2);
try {
  if (asked.length === 0) process.exitCode = await main();
  else if (asked.length === 1 && asked[0] === '--calibrate') process.exitCode = await calibrateMachine();
  else throw new CodedError('J_USAGE', [{ where: asked.join(' '), message: 'npm run doctor, or npm run doctor -- --calibrate' }]);
} catch (error) {
  const coded = asCodedError(error);
  process.stderr.write(`${formatError(coded)}\n`);
  process.exitCode = coded.exitCode;
}
