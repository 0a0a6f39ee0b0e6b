import type { Fault } from '../errors.ts';
import type { DrillAction } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import type { DrillSurroundings } from './drill-checks.ts';
import { EMBEDDED, isLoopback } from './drill-config.ts';
import type { ReadDrill } from './drill-file.ts';

/** Returns why the actions of a drill could not be carried out, as far as the plan tells. */
export function accessFaults({ drill, actions }: ReadDrill, around: DrillSurroundings): Fault[] {
  return drill.actions.flatMap((action, index) => actionFaults(action, around).map((fault) => ({ where: actions[index] ?? '', ...fault })));
}

type Reason = Omit<Fault, 'where'>;

function actionFaults(action: DrillAction, around: DrillSurroundings): Reason[] {
  switch (action.kind) {
    case 'toxic':
    case 'cut':
      return dependencyFaults(action.dependency, 'toxiproxy', around);
    case 'provider':
      return dependencyFaults(action.dependency, 'control', around);
    case 'flag':
      if (around.flags === null) return [{ message: `flags cannot be set here`, hint: 'add "flags:" under drills of the profile, "embedded" for the bundled platform' }];
      return addressFaults(around.flags, 'its flags', around);
    case 'kill-worker':
      return around.embedded ? [] : [{ message: 'only the bundled platform kills its own workers', hint: 'on another target use "command:", such as a line of kubectl' }];
    case 'http':
      return [action.call, ...(action.undo === null ? [] : [action.undo])].flatMap(({ url }) => addressFaults(url, 'the call', around));
    case 'command':
      return [];
  }
}

function dependencyFaults(name: string, by: 'toxiproxy' | 'control', around: DrillSurroundings): Reason[] {
  const known = Object.keys(around.dependencies);
  const access = Object.hasOwn(around.dependencies, name) ? around.dependencies[name] : undefined;
  if (!access) {
    if (known.length === 0) return [{ message: `no dependency is named "${name}", and none is configured`, hint: 'name them under drills.dependencies of the profile' }];
    return [{ message: `no dependency is named "${name}"`, hint: didYouMean(name, known) }];
  }
  const address = access[by];
  if (address !== null) return addressFaults(address, `the dependency "${name}"`, around);
  return [{
    message: `the dependency "${name}" has no "${by}"`,
    hint: by === 'toxiproxy' ? 'give the address of a Toxiproxy API, or use "command:" or "http:"' : 'give the address of its control API, or use "cut:" or "toxic:"',
  }];
}

/** Returns why an address may not be used. Breaking a system by mistake is worse than not breaking it: what is not on this machine must be named as allowed. */
export function addressFaults(address: string, whose: string, { embedded, hosts }: DrillSurroundings): Reason[] {
  if (address === EMBEDDED && !embedded) {
    return [{ message: `${whose} is the bundled platform's own, and another target is tested`, hint: 'configure the target\'s own under drills of the profile' }];
  }
  const host = URL.parse(address)?.hostname ?? '';
  if (isLoopback(address) || hosts.includes(host)) return [];
  return [{ message: `${whose} is on ${host}, which is not this machine`, hint: `set DRILL_HOSTS=${host} in .env if drills may break things there` }];
}
