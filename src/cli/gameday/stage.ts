import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { BreakerWatch, type BreakerState } from '../../collect/breakers.ts';
import { resolveBrowser, type ResolvedBrowser } from '../../drive/browser.ts';
import { WatchedPool } from '../../drive/checks/watched-pool.ts';
import { startGuard } from '../../drive/drills/guard.ts';
import { reachesOf, type Reaches } from '../../drive/drills/hands.ts';
import { RollbackJournal } from '../../drive/drills/journal.ts';
import { OPERATIONS_TOKEN, secretsOf, type Secrets } from '../../drive/drills/secrets.ts';
import { createLauncher, endLeftovers } from '../../drive/launcher.ts';
import { agentTag, taggedRequest } from '../../drive/tags.ts';
import { startPlatform, type RunningPlatform } from '../../drive/platform.ts';
import { checkTarget } from '../../drive/target.ts';
import { asCodedError, CodedError } from '../../errors.ts';
import type { DrillsPlan } from '../../model/index.ts';
import { browserHosts } from '../../plan/browser-hosts.ts';
import { hostOf } from '../../plan/guards/hosts.ts';
import type { HarnessSettings } from '../../plan/settings.ts';
import { EMBEDDED } from '../synthetic/targets.ts';
import { tagOf, targetHeaders } from './tags.ts';

export interface StageOptions {
  root: string;
  settings: HarnessSettings;
  environment: NodeJS.ProcessEnv;
  /** An address, or "embedded". */
  target: string;
  id: string;
  folder: string;
  drills: DrillsPlan;
  metricsUrls: readonly string[];
  onBreaker: (dependency: string, state: BreakerState) => void;
}

/** What a game day is played on: target, browser, the way to what breaks, and the journal that knows how to undo it. */
export interface Stage {
  url: string;
  /** That browsers may send to, beside this machine's own. */
  hosts: readonly string[];
  platform: RunningPlatform | null;
  pool: WatchedPool;
  reaches: Reaches;
  secrets: Secrets;
  metricsUrls: readonly string[];
  journal: RollbackJournal;
  /** Whether a process beside this one takes out what is broken if this one is killed. */
  guarded: boolean;
  /** Ends everything that was started. */
  close(): Promise<void>;
}

/** Opens the stage. Throws coded errors, with everything ended that it had started. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { root, settings, environment, target, id, folder, drills } = options;
  const browser = await resolveBrowser(settings);
  const platform =
    target === EMBEDDED
      ? await startPlatform({
          command: [process.execPath, join(root, 'platform/main.ts')],
          logFile: join(folder, 'platform.log'),
          port: settings.PLATFORM_PORT,
        })
      : null;
  const browsers = join(folder, 'browsers');
  const url = platform?.url ?? target;
  const hosts = browserHosts(url, settings.BROWSER_HOSTS);
  const pool = new WatchedPool(createLauncher(browser, browsers, hosts, agentTag(tagOf(id))), {
    recycleAfterContexts: 1_000,
  });
  // For the process's own exit, where nothing can be awaited.
  const killNow = (): void => {
    platform?.killNow();
    endLeftovers(browsers);
  };
  process.once('exit', killNow);
  const close = async (): Promise<void> => {
    await pool.close();
    await platform?.stop();
    process.off('exit', killNow);
    rmSync(browsers, { recursive: true, force: true });
  };
  try {
    if (!platform)
      await checkTarget(target, {
        healthPath: settings.HEALTH_PATH,
        headers: targetHeaders(id, 'health', settings),
        follows: ({ redirectsTo }) => hostOf(redirectsTo ?? '') === hostOf(target),
      });
    await pool.warm(['observer']).catch((thrown: unknown) => {
      throw browserFault(browser, thrown);
    });
    const secrets = secretsFor(root, environment, platform);
    const metricsUrls = options.metricsUrls.map((one) =>
      one === 'target' ? (platform?.metricsUrl ?? `${url}/metrics`) : one,
    );
    const journal = RollbackJournal.begin(folder, id);
    const guard = startGuard(folder, secrets);
    const watch = watchBreakers(drills, metricsUrls, taggedRequest(tagOf(id)), options.onBreaker);
    return {
      url,
      hosts,
      platform,
      pool,
      secrets,
      metricsUrls,
      journal,
      guarded: guard.pid !== null,
      reaches: reachesOf(
        drills,
        platform && { url: platform.url, toxiproxyUrl: platform.toxiproxyUrl, controls: controlsOf(platform) },
      ),
      close: async () => {
        await watch.stop();
        guard.release();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw asCodedError(error);
  }
}

/** All breakers of the profile, and not only that of what will be broken: which one it is, is not known. */
function watchBreakers(
  { dependencies, watchEveryMs }: DrillsPlan,
  urls: readonly string[],
  headers: Record<string, string>,
  onBreaker: StageOptions['onBreaker'],
): BreakerWatch {
  const watch = new BreakerWatch({
    urls,
    headers,
    everyMs: watchEveryMs,
    now: () => performance.now(),
    onBreaker: ({ dependency, state }) => onBreaker(dependency, state),
    onRequests: () => {},
  });
  watch.watch(
    Object.entries(dependencies)
      .filter(([, { breakerMetric }]) => breakerMetric !== null)
      .map(([dependency, { breakerMetric, transitionsMetric }]) => ({
        dependency,
        breakerMetric,
        transitionsMetric,
        requestsMetric: null,
      })),
  );
  return watch;
}

/** Of the bundled platform, the token that it told; of another target, the setting. */
function secretsFor(root: string, environment: NodeJS.ProcessEnv, platform: RunningPlatform | null): Secrets {
  const settings = secretsOf(root, environment);
  return (name) => (name === OPERATIONS_TOKEN && platform?.operationsToken ? platform.operationsToken : settings(name));
}

function controlsOf({ paymentsUrl, modelUrl, storageUrl }: RunningPlatform): Record<string, string> {
  const all = { payments: paymentsUrl, model: modelUrl, storage: storageUrl };
  return Object.fromEntries(Object.entries(all).flatMap(([name, url]) => (url === null ? [] : [[name, url]])));
}

function browserFault({ executablePath }: ResolvedBrowser, thrown: unknown): CodedError {
  const message = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
  return new CodedError('J_BROWSER_LAUNCH', [{ where: executablePath, message }], { cause: thrown });
}
