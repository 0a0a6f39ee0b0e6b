import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What opens a file with the program that a person has chosen for it. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  linux: ['xdg-open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Returns whether somebody sits at a desktop to whom a browser could be shown. */
export function hasDesktop(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (!isTerminal || environment['CI'] || environment['SSH_CONNECTION']) return false;
  return platform === 'linux' ? Boolean(environment['DISPLAY'] || environment['WAYLAND_DISPLAY']) : OPENERS[platform] !== undefined;
}

/** Opens a file, and returns whether there was something to open it with. What is opened outlives this process. */
export async function openFile(path: string, platform: NodeJS.Platform = process.platform): Promise<boolean> {
  const [program, ...args] = OPENERS[platform] ?? [];
  if (program === undefined) return false;
  const child = spawn(program, [...args, path], { detached: true, stdio: 'ignore' });
  try {
    await once(child, 'spawn');
  } catch {
    return false;
  }
  child.unref();
  return true;
}
