import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { CodedError, type Fault } from '../../errors.ts';
import type { DrillAction, DrillsPlan } from '../../model/index.ts';
import { reachesOf } from './hands.ts';
import { checkDrills } from './preflight.ts';
import { OPERATIONS_TOKEN } from './secrets.ts';
import { planOf, reachesAt, serveDependencies, TOKEN, type Dependencies } from './testing.ts';

const AT = { fromS: 1, forS: 1 };

async function faultsOf(
  t: TestContext, actions: DrillAction[], { change = () => {}, metricsUrls = [], plan = planOf(...actions), token = TOKEN }: {
    change?: (dependencies: Dependencies) => void | Promise<void>; metricsUrls?: string[]; plan?: DrillsPlan; token?: string;
  } = {},
): Promise<readonly Fault[]> {
  const dependencies = await serveDependencies(t);
  await change(dependencies);
  try {
    await checkDrills({
      plan, reaches: reachesAt(dependencies.url), metricsUrls, places: new Map([['held/0', 'held.yml:4:5 method[0]']]),
      secrets: (name) => (name === OPERATIONS_TOKEN ? token : undefined),
    });
  } catch (error) {
    assert.ok(error instanceof CodedError && error.code === 'J_DRILL_UNREACHABLE', String(error));
    assert.deepEqual(dependencies.asked, [], 'only asked, nothing changed');
    return error.faults;
  }
  return [];
}

const CUT: DrillAction = { kind: 'cut', dependency: 'payments', ...AT };
const FLAG: DrillAction = { kind: 'flag', flag: 'page-cache', enabled: false, ...AT };
const PROVIDER: DrillAction = { kind: 'provider', dependency: 'payments', fault: { mode: 'error-500', share: 1 }, ...AT };

test('what is there, and in order, is taken', async (t) => {
  assert.deepEqual(await faultsOf(t, [CUT, FLAG, PROVIDER, { kind: 'kill-worker', ...AT }, { kind: 'command', run: [process.execPath, 'x'], undo: null, ...AT }]), []);
});

const WRONG: [what: string, action: DrillAction, change: (dependencies: Dependencies) => void | Promise<void>, says: RegExp][] = [
  ['a proxy that is not there', CUT, ({ proxies }) => void proxies.delete('payments'), /has no proxy "payments"/],
  ['a proxy that is switched off already', CUT, ({ proxies }) => proxies.set('payments', { enabled: false, toxics: new Map() }) && undefined, /switched off already/],
  ['a proxy with toxics of somebody else', CUT, ({ proxies }) => void proxies.get('payments')?.toxics.set('slow', {}), /has toxics already: slow/],
  ['a Toxiproxy that does not answer', CUT, ({ close }) => close(), /nobody listens there/],
  ['a Toxiproxy that answers as none', CUT, (dependencies) => void (dependencies.failing = 502), /answered 502/],
  ['a provider with a fault already', PROVIDER, (dependencies) => void (dependencies.fault = { mode: 'slow' }), /has a fault already/],
  ['an unknown flag', { ...FLAG, flag: 'page-cash' }, () => {}, /there is no flag "page-cash".*did you mean "page-cache"/],
  ['a setting that is not there', { kind: 'http', call: { method: 'GET', url: 'http://127.0.0.1:1', headers: { key: '{{SOME_KEY}}' }, body: null }, undo: null, ...AT }, () => {}, /the setting SOME_KEY.*is not set/],
  ['a program that is not there', { kind: 'command', run: ['no-such-program'], undo: null, ...AT }, () => {}, /there is no program "no-such-program"/],
];

for (const [what, action, change, says] of WRONG) {
  test(`refused at its line: ${what}`, async (t) => {
    const [fault] = await faultsOf(t, [action], { change });
    assert.equal(fault?.where, 'held.yml:4:5 method[0]');
    assert.match(`${fault?.message} (${fault?.hint ?? ''})`, says);
  });
}

test('a wrong operations token is told by what the API answered', async (t) => {
  const [fault] = await faultsOf(t, [FLAG], { token: 'wrong' });
  assert.match(fault?.message ?? '', /answered 401/);
  assert.doesNotMatch(fault?.message ?? '', /wrong/);
});

test('a metrics page that cannot be read is refused where a breaker is to be seen on it, and nowhere else', async (t) => {
  const plan = planOf(CUT);
  const [drill] = plan.drills;
  assert.ok(drill);
  const asks: DrillsPlan = { ...plan, drills: [{ ...drill, expect: { ...drill.expect, breaker: 'payments', breakerOpensWithinS: 1 } }] };
  const metricsUrls = ['http://127.0.0.1:1/metrics'];
  assert.match((await faultsOf(t, [CUT], { plan: asks, metricsUrls }))[0]?.where ?? '', /metrics page/);
  assert.deepEqual(await faultsOf(t, [CUT], { metricsUrls }), []);
});

test('"embedded" stands for the bundled platform\'s own addresses, and for nothing on another target', () => {
  const plan: DrillsPlan = {
    ...planOf(CUT), flags: 'embedded',
    dependencies: {
      payments: { toxiproxy: 'embedded', proxy: 'payments', control: 'embedded', breakerMetric: null, transitionsMetric: null, requestsMetric: null },
      own: { toxiproxy: 'http://127.0.0.1:8474/', proxy: 'own', control: null, breakerMetric: null, transitionsMetric: null, requestsMetric: null },
    },
  };
  const own = { url: 'http://127.0.0.1:1000', toxiproxyUrl: 'http://127.0.0.1:2000', controls: { payments: 'http://127.0.0.1:3000' } };
  const embedded = reachesOf(plan, own);
  assert.deepEqual([embedded.dependencies['payments']?.toxiproxy, embedded.dependencies['payments']?.control], [own.toxiproxyUrl, own.controls.payments]);
  assert.deepEqual([embedded.flags, embedded.killWorker], [`${own.url}/api/v1/operations/flags`, `${own.url}/api/v1/operations/kill-worker`]);
  assert.equal(embedded.dependencies['own']?.toxiproxy, 'http://127.0.0.1:8474');
  const foreign = reachesOf(plan, null);
  assert.deepEqual([foreign.dependencies['payments']?.toxiproxy, foreign.flags, foreign.killWorker], [null, null, null]);
});
