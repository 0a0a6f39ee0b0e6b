import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startPlatform } from '../../drive/platform.ts';
import { parseTarget } from '../../drive/target.ts';
import type { HarnessSettings } from '../../plan/settings.ts';

/** The bundled platform as the record names it: its port is another one every round. */
export const EMBEDDED = 'embedded';

/** Returns what the settings name as target: an address without a trailing slash, or "embedded". Throws J_TARGET_INVALID. */
export function targetOf(settings: HarnessSettings): string {
  return settings.TARGET_URL && settings.TARGET_URL !== EMBEDDED ? parseTarget(settings.TARGET_URL) : EMBEDDED;
}

export interface OpenTarget {
  url: string;
  close(): Promise<void>;
  /** For the process's own exit, where nothing can be awaited. */
  killNow(): void;
}

/**
 * Returns the target's address; the bundled platform is started, fresh, for this round. Another target is not asked first:
 * that it does not answer is what a check is there to find. Throws J_PLATFORM_START, J_PORT_TAKEN.
 */
export async function openTarget(target: string, settings: HarnessSettings, root: string, folder: string): Promise<OpenTarget> {
  if (target !== EMBEDDED) return { url: target, close: async () => {}, killNow: () => {} };
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, 'platform.log');
  rmSync(logFile, { force: true });
  const command = [process.execPath, join(root, 'platform/main.ts')];
  const platform = await startPlatform({ command, logFile, port: settings.PLATFORM_PORT });
  return { url: platform.url, close: () => platform.stop(), killNow: () => platform.killNow() };
}
