import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startPlatform } from '../../src/drive/platform.ts';
import { checkTarget, parseTarget } from '../../src/drive/target.ts';
import { CodedError, formatError } from '../../src/errors.ts';
import { readSettings } from '../../src/plan/settings.ts';

/** How the setup tells its workers the target. */
export const TARGET = 'OPENSHOW_JOURNEYS_TARGET';

const ROOT = join(import.meta.dirname, '../..');

/** Checks the target before the first test, or starts the bundled platform for as long as the tests run. */
export default async function setUpTarget(): Promise<() => Promise<void>> {
  try {
    const settings = readSettings(ROOT, process.env);
    if (settings.TARGET_URL && settings.TARGET_URL !== 'embedded') {
      const url = parseTarget(settings.TARGET_URL);
      await checkTarget(url, { healthPath: settings.HEALTH_PATH });
      process.env[TARGET] = url;
      return async () => {};
    }
    mkdirSync(join(ROOT, 'test-results'), { recursive: true });
    const platform = await startPlatform({
      command: [process.execPath, join(ROOT, 'platform/main.ts')],
      logFile: join(ROOT, 'test-results/platform.log'),
      port: settings.PLATFORM_PORT,
    });
    process.once('exit', () => platform.killNow());
    process.env[TARGET] = platform.url;
    return () => platform.stop();
  } catch (error) {
    // Playwright prints what is thrown here with a trace; the coded text goes first.
    if (error instanceof CodedError) throw new Error(formatError(error), { cause: error });
    throw error;
  }
}
