import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createBlocked } from '../../analyze/blocked.ts';
import type { ResolvedBrowser } from '../../drive/browser.ts';
import { checkAll } from '../../drive/checks/checks.ts';
import type { CreateFixtures } from '../../drive/checks/fixtures.ts';
import { WatchedPool } from '../../drive/checks/watched-pool.ts';
import { FailureTraces } from '../../drive/failure-traces.ts';
import { createLauncher, endLeftovers } from '../../drive/launcher.ts';
import { RunLock } from '../../drive/run-folder.ts';
import { agentTag, tagHeaders } from '../../drive/tags.ts';
import { CodedError } from '../../errors.ts';
import type { AnyJourney } from '../../journey.ts';
import type { BlockedHost, Check, Observation } from '../../model/index.ts';
import { browserHosts, createHostGuard, sendsTagHeaders } from '../../plan/browser-hosts.ts';
import type { HarnessSettings } from '../../plan/settings.ts';
import { EMBEDDED, openTarget } from './targets.ts';

/** As in the functional lane; a user who waits longer has gone. */
const STEP_DEADLINE_MS = 15_000;
const JOURNEY_DEADLINE_MS = 60_000;
/** Of a dozen journeys that fail for one reason, a few traces say all there is. */
const TRACES = { perError: 1, perRun: 6 };
const FIXTURE_SEED = 1;

export interface RoundOptions {
  root: string;
  settings: HarnessSettings;
  /** An address, or "embedded". */
  target: string;
  roundId: string;
  /** The folder of the checks. */
  folder: string;
  browser: ResolvedBrowser;
  journeys: readonly AnyJourney[];
  fixtures: CreateFixtures;
  retries: number;
  interrupted: AbortSignal;
  onCheck: (check: Check) => void;
  /** Told at the end of what browsers were kept from, if anything: their host is on no list. */
  onBlocked: (hosts: BlockedHost[]) => void;
}

/**
 * Checks every journey once against the target and returns the checks; browser and bundled platform are ended again.
 * Throws coded errors where no check could be made at all: a load run under way, no platform, no browser.
 */
export async function runChecks(options: RoundOptions): Promise<Check[]> {
  const { root, settings, target, roundId, folder } = options;
  const run = settings.ALLOW_PARALLEL_RUNS === '1' ? null : RunLock.holder();
  if (run !== null) {
    const message = `run ${run} makes load on this machine: what it slows would look like the target's fault`;
    throw new CodedError('J_RUN_LOCKED', [{ where: 'checks', message }]);
  }
  const open = await openTarget(target, settings, root, folder);
  const browsers = join(folder, 'browsers');
  // The lock is ours, so whatever stands there was left by a round that was killed.
  endLeftovers(browsers);
  const reach = { target: { url: open.url, embedded: target === EMBEDDED }, browserHosts: browserHosts(open.url, settings.BROWSER_HOSTS) };
  const tag = { runId: roundId, kind: 'synthetic' } as const;
  const pool = new WatchedPool(createLauncher(options.browser, browsers, reach.browserHosts, agentTag(tag)), { recycleAfterContexts: 1_000 });
  const blocked = createBlocked();
  const killNow = (): void => {
    open.killNow();
    endLeftovers(browsers);
  };
  process.once('exit', killNow);
  try {
    await pool.warm(['observer']).catch((thrown: unknown) => {
      const where = options.browser.executablePath;
      throw new CodedError('J_BROWSER_LAUNCH', [{ where, message: firstLine(thrown) }], { cause: thrown });
    });
    const { TARGET_HTTP_USER: username, TARGET_HTTP_PASSWORD: password } = settings;
    const checks = await checkAll(options.journeys, {
      retries: options.retries,
      onCheck: options.onCheck,
      around: {
        roundId, pool,
        url: open.url,
        contextOptions: {
          baseURL: open.url,
          ...(username && password ? { httpCredentials: { username, password } } : {}),
        },
        ...(sendsTagHeaders(reach, settings.BROWSER_TAGS) ? { tags: (vu: string) => tagHeaders(tag, vu) } : {}),
        keptFrom: createHostGuard(reach.browserHosts),
        onObserved: (observations: readonly Observation[]) => {
          for (const one of observations) if (one.kind === 'blocked') blocked.add(one);
        },
        fixtures: ({ vu, context }) => options.fixtures({ context, vu, runId: roundId, seed: FIXTURE_SEED }),
        stepDeadlineMs: STEP_DEADLINE_MS,
        journeyDeadlineMs: JOURNEY_DEADLINE_MS,
        failuresFolder: join(folder, roundId, 'failures'),
        evidencePath: `checks/${roundId}`,
        // Latency of a check is not judged, so its second go may be recorded.
        traces: new FailureTraces(TRACES, join(folder, roundId, 'failures'), ['observer']),
        interrupted: options.interrupted,
        nowEpochMs: Date.now,
      },
    });
    const hosts = blocked.finish();
    if (hosts.length > 0) options.onBlocked(hosts);
    return checks;
  } finally {
    await pool.close();
    await open.close();
    process.off('exit', killNow);
    rmSync(browsers, { recursive: true, force: true });
  }
}

function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
}
