import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { scrape } from '../../collect/metrics/scrape.ts';
import { CodedError, type Fault } from '../../errors.ts';
import type { Drill, DrillAction, DrillsPlan, HttpCall } from '../../model/index.ts';
import { didYouMean } from '../../nearest.ts';
import { bearer } from './undo.ts';
import { callJson, DrillCallError } from './call.ts';
import { readFlags, type Reaches } from './hands.ts';
import { asked, type Secrets } from './secrets.ts';
import { Toxiproxy, type ProxyState } from './toxiproxy.ts';

export interface DrillPreflight {
  plan: DrillsPlan;
  reaches: Reaches;
  secrets: Secrets;
  /** Where each action stands in its file, by `<drill>/<index>`. */
  places: ReadonlyMap<string, string>;
  /** The target's metrics pages; none where none is read. */
  metricsUrls: readonly string[];
  /** What marks requests for them as those of a test. */
  headers?: Record<string, string>;
}

type Reason = Omit<Fault, 'where'>;

const SCRAPE_LIMIT_MS = 5_000;

/** Asks everything that the drills will work on whether it is there, and as it should be. Throws J_DRILL_UNREACHABLE with all faults. */
export async function checkDrills(preflight: DrillPreflight): Promise<void> {
  const ask = asker(preflight);
  const faults: Fault[] = [];
  for (const drill of preflight.plan.drills) {
    for (const [index, action] of drill.actions.entries()) {
      const reasons = await reasonsAgainst(action, preflight, ask);
      faults.push(...reasons.map((reason) => ({ where: preflight.places.get(`${drill.name}/${index}`) ?? drill.name, ...reason })));
    }
  }
  faults.push(...(await metricsFaults(preflight)));
  if (faults.length > 0) throw new CodedError('J_DRILL_UNREACHABLE', faults);
}

/** Asks each address once, however many drills need it. */
interface Asker {
  proxies: (api: string) => Promise<ProxyState[]>;
  flags: (flags: string) => Promise<Record<string, boolean>>;
  fault: (control: string) => Promise<unknown>;
}

function asker({ secrets }: DrillPreflight): Asker {
  const once = <T>(ask: (address: string) => Promise<T>): ((address: string) => Promise<T>) => {
    const answers = new Map<string, Promise<T>>();
    return (address) => {
      const answer = answers.get(address) ?? ask(address);
      answers.set(address, answer);
      return answer;
    };
  };
  return {
    proxies: once((api) => new Toxiproxy(api).proxies()),
    flags: once((flags) => readFlags(flags, secrets)),
    fault: once((control) => callJson({ method: 'GET', url: `${control}/control/fault`, headers: bearer(secrets) })),
  };
}

async function reasonsAgainst(action: DrillAction, { reaches, secrets }: DrillPreflight, ask: Asker): Promise<Reason[]> {
  try {
    switch (action.kind) {
      case 'toxic':
      case 'cut': {
        const { toxiproxy, proxy } = reaches.dependencies[action.dependency] ?? {};
        if (!toxiproxy || !proxy) return [{ message: `the target offers no Toxiproxy for "${action.dependency}"` }];
        return proxyFaults(await ask.proxies(toxiproxy), proxy, toxiproxy);
      }
      case 'provider': {
        const { control } = reaches.dependencies[action.dependency] ?? {};
        if (!control) return [{ message: `the target offers no control API for "${action.dependency}"` }];
        return (await ask.fault(control)) === null ? [] : [{ message: `"${action.dependency}" has a fault already`, hint: `DELETE ${control}/control/fault ends it` }];
      }
      case 'flag': {
        if (reaches.flags === null) return [{ message: 'the target offers no flags' }];
        const known = await ask.flags(reaches.flags);
        return Object.hasOwn(known, action.flag) ? [] : [{ message: `there is no flag "${action.flag}"`, hint: didYouMean(action.flag, Object.keys(known)) }];
      }
      case 'kill-worker':
        if (reaches.killWorker === null) return [{ message: 'only the bundled platform kills its own workers' }];
        await ask.flags(reaches.killWorker.replace(/kill-worker$/, 'flags'));
        return [];
      case 'http':
        return [action.call, ...(action.undo === null ? [] : [action.undo])].flatMap((call) => unsetFaults(call, secrets));
      case 'command':
        return [action.run, ...(action.undo === null ? [] : [action.undo])].flatMap(([program = '']) =>
          (isProgram(program) ? [] : [{ message: `there is no program "${program}"` }]));
    }
  } catch (error) {
    return [{ message: error instanceof DrillCallError ? error.message : String(error) }];
  }
}

function proxyFaults(proxies: readonly ProxyState[], name: string, api: string): Reason[] {
  const proxy = proxies.find((one) => one.name === name);
  if (!proxy) {
    const known = proxies.map((one) => one.name);
    return [{ message: `Toxiproxy at ${api} has no proxy "${name}"`, hint: known.length === 0 ? 'it has none at all' : didYouMean(name, known) }];
  }
  if (!proxy.enabled) return [{ message: `the proxy "${name}" is switched off already`, hint: 'a drill begins with everything in order' }];
  if (proxy.toxics.length === 0) return [];
  return [{ message: `the proxy "${name}" has toxics already: ${proxy.toxics.join(', ')}`, hint: 'a drill begins with everything in order' }];
}

function unsetFaults({ headers }: HttpCall, secrets: Secrets): Reason[] {
  return asked(headers).filter((name) => secrets(name) === undefined).map((name) => ({
    message: `the setting ${name}, which a header asks for, is not set`, hint: 'set it in .env or the environment',
  }));
}

function isProgram(name: string): boolean {
  const places = name.includes('/') ? [name] : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  return places.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether breakers and requests can be watched; a series may come to be only later, with the process that has it. */
async function metricsFaults({ plan, metricsUrls, headers = {} }: DrillPreflight): Promise<Fault[]> {
  const asks = ({ expect }: Drill): boolean =>
    expect.breakerOpensWithinS !== null || expect.breakerClosesWithinS !== null || expect.requestsPerSecondAtMost !== null;
  if (!plan.drills.some(asks)) return [];
  const pages = await Promise.all(metricsUrls.map(async (url) => ({
    url, scraped: await scrape(url, { wanted: () => false, now: () => 0, limitMs: SCRAPE_LIMIT_MS, headers }),
  })));
  return pages.flatMap(({ url, scraped }) => ('missing' in scraped ? [{ where: `metrics page ${url}`, message: scraped.missing }] : []));
}
