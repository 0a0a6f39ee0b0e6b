import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CodedError, type Fault } from '../../errors.ts';
import type { AuditPlan, DrillsPlan, TeardownPlan } from '../../model/index.ts';
import { MetricsConfig } from '../../plan/api.ts';
import { AuditConfig, buildAudit, EMBEDDED } from '../../plan/audit.ts';
import { accessFaults, addressFaults } from '../../plan/drill-access.ts';
import { accessOf, DrillsConfig } from '../../plan/drill-config.ts';
import type { ReadDrill } from '../../plan/drill-file.ts';
import { readDrillFiles } from '../../plan/drills.ts';
import { parseYaml } from '../../plan/yaml.ts';
import { buildTeardown, placedTeardown, TeardownConfig } from '../../plan/teardown.ts';
import { zodFaults } from '../../plan/zod-faults.ts';

/** What a profile says of breaking things, as far as a game day needs it. */
export interface GameDayPlan {
  read: readonly ReadDrill[];
  drills: Omit<DrillsPlan, 'drills'>;
  /** Addresses of metrics pages; `target` is the target's own. */
  metricsUrls: readonly string[];
  /**
   * Where the books of payments are; null where the profile does not say and the target is not the bundled platform.
   */
  audit: AuditPlan | null;
  /** How what the checks make is removed; null where nobody said, and for the bundled platform, which ends with it. */
  teardown: TeardownPlan | null;
}

const PLUGIN = ['config', 'plugins', 'journeys'] as const;

/**
 * Reads the drills of a profile, and how it reaches what they break; `target` is an address, null for the bundled
 * platform. Throws J_DRILL_INVALID with every fault at once.
 */
export function readPlan(root: string, profile: string, target: string | null): GameDayPlan {
  const embedded = target === null;
  let text: string;
  try {
    text = readFileSync(resolve(root, profile), 'utf8');
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    throw new CodedError(
      'J_DRILL_INVALID',
      [{ where: profile, message: code === 'ENOENT' ? 'there is no such file' : (code ?? message) }],
      { cause: thrown },
    );
  }
  const parsed = parseYaml(text, profile);
  if ('faults' in parsed) throw new CodedError('J_DRILL_INVALID', parsed.faults);
  const { file } = parsed;
  const { config } = (file.value ?? {}) as {
    config?: { plugins?: { journeys?: { drills?: unknown; metrics?: unknown; audit?: unknown; teardown?: unknown } } };
  };
  const plugin = config?.plugins?.journeys ?? {};
  if (plugin.drills === undefined) {
    throw new CodedError('J_DRILL_INVALID', [
      {
        where: file.where([...PLUGIN]),
        message: 'has no drills, so there is nothing to break',
        hint: 'documentation/drills.md',
      },
    ]);
  }
  const drills = DrillsConfig.safeParse(plugin.drills);
  const metrics = MetricsConfig.safeParse(plugin.metrics ?? {});
  const audit = AuditConfig.optional().safeParse(plugin.audit);
  const teardown = TeardownConfig.optional().safeParse(plugin.teardown);
  const faults: Fault[] = [
    ...(drills.success
      ? []
      : zodFaults(file, drills.error.issues, [...PLUGIN, 'drills'], Object.keys(DrillsConfig.shape))),
    ...(metrics.success
      ? []
      : zodFaults(file, metrics.error.issues, [...PLUGIN, 'metrics'], Object.keys(MetricsConfig.shape))),
    ...(audit.success ? [] : zodFaults(file, audit.error.issues, [...PLUGIN, 'audit'], Object.keys(AuditConfig.shape))),
    ...(teardown.success
      ? []
      : zodFaults(file, teardown.error.issues, [...PLUGIN, 'teardown'], Object.keys(TeardownConfig.shape))),
  ];
  const found = drills.success
    ? readDrillFiles(drills.data.files, (path) => resolve(root, path))
    : { read: [], faults: [] };
  const all = [...faults, ...found.faults];
  if (all.length > 0 || !drills.success || !metrics.success || !audit.success || !teardown.success)
    throw new CodedError('J_DRILL_INVALID', all);
  const books = buildAudit(audit.data);
  const plan = buildTeardown(teardown.data, { embedded, where: profile });
  const elsewhere = !embedded && (books.platform === EMBEDDED || books.provider === EMBEDDED);
  return {
    read: found.read,
    drills: {
      dependencies: accessOf(drills.data),
      flags: drills.data.flags ?? null,
      watchEveryMs: drills.data.watchEverySeconds * 1_000,
    },
    metricsUrls: metrics.data.urls,
    audit: elsewhere ? null : books,
    teardown: plan === null || target === null ? null : (placedTeardown({ teardown: plan }, target).teardown ?? null),
  };
}

/** Refuses drills that would break things on hosts that DRILL_HOSTS does not allow. Throws J_DRILL_INVALID. */
export function checkHosts(
  plan: GameDayPlan,
  names: readonly string[],
  embedded: boolean,
  hosts: readonly string[],
): void {
  const { dependencies, flags } = plan.drills;
  const around = { phases: [], journeys: [], dependencies, flags, hasMetrics: true, embedded, hosts };
  const faults = plan.read
    .filter(({ drill }) => names.includes(drill.name))
    .flatMap((read) => accessFaults(read, around));
  // A team that fails over switches them.
  if (flags !== null)
    faults.push(...addressFaults(flags, 'its flags', around).map((fault) => ({ where: 'drills.flags', ...fault })));
  if (faults.length > 0) throw new CodedError('J_DRILL_INVALID', faults);
}
