import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright';
import { CodedError, type Fault } from '../errors.ts';

const run = promisify(execFile);

export interface ResolvedBrowser {
  executablePath: string;
  /** For people and for the record: where it came from. */
  source: 'BROWSER_PATH' | 'bundled headless shell' | "Playwright's headless shell" | 'system headless shell' | 'system browser';
  version: string;
  /** Extra environment that the browser needs to start (libraries and fonts that the machine lacks). */
  env: Record<string, string>;
}

export interface BrowserChoice {
  BROWSER: 'headless-shell' | 'chromium' | 'chrome' | 'msedge';
  BROWSER_PATH?: string | undefined;
}

const FULL_BROWSERS: Record<string, string[]> = {
  chromium: ['chromium', 'chromium-browser'],
  chrome: ['google-chrome', 'google-chrome-stable'],
  msedge: ['microsoft-edge', 'microsoft-edge-stable'],
};

/**
 * Returns the browser to use: explicit path → bundled shell → Playwright's own shell → a system shell; a full browser
 * only when named, since it costs many times the CPU. Each candidate is started once with `--version`, so that a broken
 * one is found here and not at the first arrival. Throws J_NO_BROWSER with what was tried.
 */
export async function resolveBrowser(choice: BrowserChoice): Promise<ResolvedBrowser> {
  const tried: Fault[] = [];
  for (const candidate of candidates(choice)) {
    try {
      const found = await candidate.find();
      if (!found) {
        tried.push({ where: candidate.source, message: 'not there' });
        continue;
      }
      const started = await start(found);
      return { executablePath: found.path, source: candidate.source, ...started };
    } catch (error) {
      tried.push({ where: candidate.source, message: firstLine(error) });
    }
  }
  throw new CodedError('J_NO_BROWSER', tried);
}

interface Found {
  path: string;
  /** Folder of system libraries that come with the browser. */
  libraries?: string;
  env?: Record<string, string>;
}

interface Candidate {
  source: ResolvedBrowser['source'];
  find: () => Promise<Found | null>;
}

function candidates(choice: BrowserChoice): Candidate[] {
  const { BROWSER_PATH: path, BROWSER: name } = choice;
  // What was asked for by name or path is used or refused, never silently replaced by something else.
  if (path) return [{ source: 'BROWSER_PATH', find: async () => ({ path }) }];
  if (name !== 'headless-shell') return [{ source: 'system browser', find: () => onPath(FULL_BROWSERS[name] ?? []) }];
  return [
    { source: 'bundled headless shell', find: bundled },
    { source: "Playwright's headless shell", find: playwrightShell },
    { source: 'system headless shell', find: () => onPath(['chromium-headless-shell', 'chrome-headless-shell']) },
  ];
}

/**
 * Unpacks the shell that the lock file pins, once per version: the package itself unpacks to a name without version in the
 * shared temporary folder, where an older one would be taken silently and two processes could meet in a half-written file.
 */
async function bundled(): Promise<Found | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  const packageFolder = dirname(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))));
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const cache = join(dirname(fileURLToPath(import.meta.url)), '../../node_modules/.cache/openshow-journeys');
  const folder = join(cache, `chromium-${version}`);
  const path = join(folder, 'chromium');
  if (!(await executable(path))) {
    const partial = `${folder}.partial-${process.pid}`;
    await mkdir(partial, { recursive: true });
    await unpack(packageFolder, partial);
    // Whoever renames first wins; the other one's copy is the same.
    await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }));
  }
  return { path, libraries: join(folder, 'al2023', 'lib'), env: { FONTCONFIG_FILE: await fontConfig(folder) } };
}

/**
 * Without any font a text has no width, and nothing with words in it ever becomes visible. So the package's own font is
 * there for a machine that has none, behind whatever the system has. Returns the configuration file.
 */
async function fontConfig(folder: string): Promise<string> {
  const file = join(folder, 'fonts.conf');
  const inside = (name: string): string => join(folder, name).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const content = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${inside('fonts/fonts')}</dir>
  <cachedir>${inside('fonts-cache')}</cachedir>
</fontconfig>
`;
  if ((await readFile(file, 'utf8').catch(() => null)) !== content) {
    await writeFile(`${file}.${process.pid}`, content);
    await rename(`${file}.${process.pid}`, file);
  }
  return file;
}

async function unpack(packageFolder: string, into: string): Promise<void> {
  const { inflate } = await import('@sparticuz/chromium');
  const before = process.env.TMPDIR;
  process.env.TMPDIR = into;
  try {
    const archives = ['chromium.br', 'swiftshader.tar.br', 'fonts.tar.br', 'al2023.tar.br'];
    await Promise.all(archives.map((name) => inflate(join(packageFolder, 'bin', name))));
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

async function playwrightShell(): Promise<{ path: string } | null> {
  // Playwright names only the full browser's path; its shell lies in a sibling folder of the same revision.
  const full = chromium.executablePath();
  const revision = /chromium-(\d+)/.exec(full)?.[1];
  const root = process.env.PLAYWRIGHT_BROWSERS_PATH ?? (revision ? full.slice(0, full.indexOf(`chromium-${revision}`)) : join(homedir(), '.cache/ms-playwright'));
  const folder = join(root, `chromium_headless_shell-${revision}`);
  const inside = await readdir(folder).catch(() => []);
  for (const name of inside) {
    for (const file of ['chrome-headless-shell', 'headless_shell']) {
      if (await executable(join(folder, name, file))) return { path: join(folder, name, file) };
    }
  }
  return null;
}

async function onPath(names: string[]): Promise<{ path: string } | null> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name);
      if (await executable(path)) return { path };
    }
  }
  return null;
}

async function executable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(() => true, () => false);
}

/** Starts the browser for its version; where system libraries are missing, tries again with the ones the package carries. */
async function start({ path, libraries, env = {} }: Found): Promise<{ version: string; env: Record<string, string> }> {
  try {
    return { version: await versionOf(path, env), env };
  } catch (error) {
    if (!libraries || !/shared libraries/.test(String((error as { stderr?: string }).stderr ?? ''))) throw error;
    const withLibraries = { ...env, LD_LIBRARY_PATH: [libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':') };
    return { version: await versionOf(path, withLibraries), env: withLibraries };
  }
}

async function versionOf(path: string, env: Record<string, string>): Promise<string> {
  const { stdout } = await run(path, ['--version', '--no-sandbox'], { timeout: 15_000, env: { ...process.env, ...env } });
  const version = /(?:chrom|edge).*?(\d+(?:\.\d+)+)/i.exec(stdout)?.[1];
  if (!version) throw new Error(`"${path} --version" does not say that it is Chromium, Chrome or Edge`);
  return version;
}

function firstLine(error: unknown): string {
  const stderr = String((error as { stderr?: string }).stderr ?? '').trim();
  return (stderr || (error instanceof Error ? error.message : String(error))).split('\n')[0] ?? 'unknown';
}
