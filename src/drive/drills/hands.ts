import type { DependencyAccess, DrillAction, DrillsPlan } from '../../model/index.ts';
import { EMBEDDED } from '../../plan/drill-config.ts';
import { bearer, callHttp, setFlag, type Owed, type Undo } from './undo.ts';
import { callJson, DrillCallError } from './call.ts';
import { runCommand } from './command.ts';
import type { Secrets } from './secrets.ts';
import { Toxiproxy } from './toxiproxy.ts';

/** Where the bundled platform answers, for what the plan calls `embedded`. */
export interface EmbeddedAddresses {
  url: string;
  /** Null where it tells of none. */
  toxiproxyUrl: string | null;
  /** The providers' own addresses by dependency. */
  controls: Readonly<Record<string, string>>;
}

/** One dependency as drills reach it now: addresses, not `embedded`. */
export interface Reach extends DependencyAccess {
  embedded: { toxiproxy: boolean; control: boolean };
}

export interface Reaches {
  dependencies: Readonly<Record<string, Reach>>;
  flags: string | null;
  flagsEmbedded: boolean;
  /** Kills a worker of the bundled platform; null on another target. */
  killWorker: string | null;
}

const OPERATIONS = '/api/v1/operations';

/** Returns how the drills of a plan reach what they work on; `platform` is null for another target than the bundled one. */
export function reachesOf({ dependencies, flags }: DrillsPlan, platform: EmbeddedAddresses | null): Reaches {
  const address = (given: string | null, own: string | null | undefined): string | null => (given === EMBEDDED ? (own ?? null) : given)?.replace(/\/+$/, '') ?? null;
  return {
    dependencies: Object.fromEntries(Object.entries(dependencies).map(([name, access]): [string, Reach] => [name, {
      ...access,
      toxiproxy: address(access.toxiproxy, platform?.toxiproxyUrl),
      control: address(access.control, platform?.controls[name]),
      embedded: { toxiproxy: access.toxiproxy === EMBEDDED, control: access.control === EMBEDDED },
    }])),
    flags: address(flags, platform ? `${platform.url}${OPERATIONS}/flags` : undefined),
    flagsEmbedded: flags === EMBEDDED,
    killWorker: platform ? `${platform.url}${OPERATIONS}/kill-worker` : null,
  };
}

/** An action that is ready to be done: its words, how it is undone, and the doing. */
export interface Prepared {
  /** In words: `payments: nothing comes through`. */
  what: string;
  dependency: string | null;
  /** Null where nothing is to be undone. */
  owed: Owed | null;
  /** Throws an Error that says why it could not be done. */
  apply: () => Promise<void>;
}

/** Returns an action ready to be done; asks what it needs to know to undo it. Throws an Error that says what is missing. */
export async function prepareAction(action: DrillAction, id: string, reaches: Reaches, secrets: Secrets): Promise<Prepared> {
  const what = actionWords(action);
  const prepared = (undo: Undo | null, embedded: boolean, apply: () => Promise<void>): Prepared =>
    ({ what, dependency: 'dependency' in action ? action.dependency : null, owed: undo && { undo, embedded }, apply });
  switch (action.kind) {
    case 'toxic': {
      const { api, proxy, embedded } = proxyOf(reaches, action.dependency);
      const toxic = `journeys-${id.replace(/[^a-z0-9-]+/g, '-')}`;
      return prepared({ kind: 'toxic', api, proxy, toxic }, embedded, () => new Toxiproxy(api).addToxic(proxy, toxic, action.toxic));
    }
    case 'cut': {
      const { api, proxy, embedded } = proxyOf(reaches, action.dependency);
      return prepared({ kind: 'proxy', api, proxy }, embedded, () => new Toxiproxy(api).setEnabled(proxy, false));
    }
    case 'provider': {
      const { control, embedded } = reaches.dependencies[action.dependency] ?? {};
      if (!control) throw new DrillCallError(`the dependency "${action.dependency}" has no control API`);
      return prepared({ kind: 'provider', control }, embedded?.control === true, async () => {
        await callJson({ method: 'PUT', url: `${control}/control/fault`, headers: bearer(secrets), body: action.fault });
      });
    }
    case 'flag': {
      const { flags } = reaches;
      if (flags === null) throw new DrillCallError('flags cannot be set here');
      const was = (await readFlags(flags, secrets))[action.flag];
      if (was === undefined) throw new DrillCallError(`there is no flag "${action.flag}"`);
      return prepared({ kind: 'flag', flags, flag: action.flag, enabled: was }, reaches.flagsEmbedded, () => setFlag(flags, action.flag, action.enabled, secrets));
    }
    case 'kill-worker': {
      const { killWorker } = reaches;
      if (killWorker === null) throw new DrillCallError('only the bundled platform kills its own workers');
      return prepared(null, true, async () => {
        await callJson({ method: 'POST', url: killWorker, headers: bearer(secrets) });
      });
    }
    case 'command':
      return prepared(action.undo && { kind: 'command', run: action.undo }, false, () => runCommand(action.run));
    case 'http':
      return prepared(action.undo && { kind: 'http', call: action.undo }, false, () => callHttp(action.call, secrets));
  }
}

function proxyOf({ dependencies }: Reaches, name: string): { api: string; proxy: string; embedded: boolean } {
  const { toxiproxy, proxy, embedded } = dependencies[name] ?? {};
  if (!toxiproxy || !proxy) throw new DrillCallError(`the dependency "${name}" has no Toxiproxy`);
  return { api: toxiproxy, proxy, embedded: embedded?.toxiproxy === true };
}

/** Returns whether each flag is on. Throws DrillCallError. */
export async function readFlags(flags: string, secrets: Secrets): Promise<Record<string, boolean>> {
  const answer = (await callJson({ method: 'GET', url: flags, headers: bearer(secrets) })) as { flags?: Record<string, { enabled?: unknown }> } | null;
  if (typeof answer?.flags !== 'object') throw new DrillCallError(`GET ${flags} did not answer with flags`);
  return Object.fromEntries(Object.entries(answer.flags).map(([name, { enabled }]) => [name, enabled === true]));
}

/** Returns what an action does, as a time line and a rollback say it. */
export function actionWords(action: DrillAction): string {
  switch (action.kind) {
    case 'toxic': {
      const { type, toxicity, attributes } = action.toxic;
      const how = Object.entries(attributes).map(([name, value]) => `${name} ${value}`).join(', ');
      const share = toxicity === 1 ? '' : `, ${Math.round(100 * toxicity)} % of the connections`;
      return `${action.dependency}: ${type}${how ? ` (${how})` : ''}${share}`;
    }
    case 'cut':
      return `${action.dependency}: nothing comes through`;
    case 'provider':
      return `${action.dependency}: ${action.fault.mode}${action.fault.share === 1 ? '' : `, ${Math.round(100 * action.fault.share)} % of the requests`}`;
    case 'flag':
      return `flag ${action.flag} ${action.enabled ? 'on' : 'off'}`;
    case 'kill-worker':
      return 'a worker is killed';
    case 'command':
      return `command ${action.run.join(' ')}`;
    case 'http':
      return `${action.call.method} ${action.call.url.replace(/[?#].*$/, '')}`;
  }
}
