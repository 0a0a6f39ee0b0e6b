import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveBrowser } from '../drive/browser.ts';
import { calibrate } from '../drive/calibrate.ts';
import { calibrationFile, writeCalibration } from '../drive/calibration.ts';
import { endLeftovers, probePriority } from '../drive/launcher.ts';
import { RunLock } from '../drive/run-folder.ts';
import { Slo, ValidityRules } from '../model/index.ts';
import { readSettings } from '../plan/settings.ts';
import { parseYaml } from '../plan/yaml.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Measures what this machine makes before it distorts what it measures, stores that, and says it. Takes the run lock: a
 * test under way would be measured too. Returns the exit code; throws coded errors, J_BUSY among them.
 */
export async function calibrateMachine(): Promise<number> {
  const settings = readSettings(process.cwd(), process.env);
  const browser = await resolveBrowser(settings);
  const lock = RunLock.take('calibration');
  const folder = mkdtempSync(join(tmpdir(), 'openshow-calibrate-'));
  // A Ctrl-C leaves no browser behind.
  const onExit = (): void => {
    endLeftovers(folder);
    lock.release();
  };
  process.once('exit', onExit);
  process.once('SIGINT', () => process.exit(130));
  try {
    const crowdPriority = await probePriority(folder);
    process.stdout.write(
      `calibrating, about two minutes; the machine should be idle (crowd priority: ${crowdPriority})\n`,
    );
    const found = await calibrate({
      browser,
      crowdPriority,
      folder,
      rules: validityRules(),
      startedAt: new Date(),
      progress: (line) => process.stdout.write(`  ${line}\n`),
    });
    writeCalibration(ROOT, found);
    const rate = found.journeysPerSecond === null ? 'no rate held' : `${found.journeysPerSecond} journeys a second`;
    const users =
      found.concurrentUsers === null ? 'users at once not measured' : `${found.concurrentUsers} users at once`;
    const api = found.apiPerSecond === null
      ? 'Requests of the API lane were not measured.'
      : `${found.apiPerSecond} requests a second leave a thread of the API lane in time.`;
    process.stdout.write(
      `\n${rate}, ${users} leave the observers undisturbed here, counted in a small journey of two pages.\n${api}\n` +
        'Plans that ask for more are warned about, and refused from one and a half times of it.\n' +
        `Stored in ${calibrationFile(ROOT)}\n`,
    );
    return 0;
  } finally {
    process.off('exit', onExit);
    onExit();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The rules of slo.yml, or the defaults where it has none or cannot be read: a run says what is wrong with it. */
function validityRules(): ValidityRules {
  try {
    const parsed = parseYaml(readFileSync('slo.yml', 'utf8'), 'slo.yml');
    return Slo.shape.validity.parse(
      'file' in parsed ? (parsed.file.value as { validity?: unknown }).validity : undefined,
    );
  } catch {
    return ValidityRules.parse({});
  }
}
