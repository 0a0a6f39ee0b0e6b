import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { SETTINGS } from '../../plan/settings.ts';
import { readArguments } from './arguments.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

interface Step {
  id?: string;
  if?: string;
  name?: string;
  uses?: string;
  run?: string;
  env?: Record<string, unknown>;
  with?: Record<string, unknown>;
}
interface Workflow {
  on: { schedule?: { cron: string }[] } & Record<string, unknown>;
  permissions?: Record<string, string>;
  concurrency?: unknown;
  jobs: Record<string, { 'timeout-minutes'?: number; env?: Record<string, unknown>; steps: Step[] }>;
}

const FILES = readdirSync(join(ROOT, '.github/workflows'));

/** Words of a command line as a shell would cut them; expressions of the workflow stay whole. */
function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|((?:\$\{\{.*?\}\}|\S)+)/g)].map(([, double, single, plain]) => double ?? single ?? plain ?? '');
}

/** The commands of a script, one each; what is said between them (`||`, `&&`) is the shell's. */
function commands(script: string): string[][] {
  return script.split(/\n|\|\||&&|;/).map((line) => words(line.trim())).filter(([first]) => first === 'npm' || first === 'npx');
}

function assertRuns(command: string[]): void {
  const [tool, first, ...rest] = command;
  if (tool === 'npx') {
    assert.ok(existsSync(join(ROOT, 'node_modules/.bin', first ?? '')), `npx ${first} comes with npm ci`);
    for (const file of rest.filter((word) => word.endsWith('.yml'))) assert.ok(existsSync(join(ROOT, file)), `${file} is there`);
    return;
  }
  if (first === 'ci' || first === 'test') return;
  assert.equal(first, 'run', command.join(' '));
  const [script = '', ...others] = rest.filter((word) => word !== '--silent');
  assert.ok(scripts[script], `npm run ${script} is in package.json`);
  const file = /^node (\S+)$/.exec(scripts[script] ?? '')?.[1];
  assert.ok(file && existsSync(join(ROOT, file)), `${file} is there`);
  if (script === 'synthetic') assert.ok(readArguments(others.filter((word) => word !== '--')), 'its options are real ones');
}

test('there are workflows for synthetic checks, nightly load and pull requests', () => {
  assert.deepEqual(FILES.sort(), ['nightly-load.yml', 'pull-request.yml', 'synthetic.yml']);
});

for (const file of FILES) {
  const text = read(join('.github/workflows', file));
  const workflow = parse(text) as Workflow;
  const jobs = Object.values(workflow.jobs);

  test(`${file} uses first-party actions only, by their major version`, () => {
    const used = jobs.flatMap(({ steps }) => steps).flatMap(({ uses }) => uses ?? []);
    assert.ok(used.length > 0);
    for (const one of used) assert.match(one, /^actions\/[\w-]+(?:\/[\w-]+)?@v\d+$/);
  });

  test(`${file} may only read the repository, and no job of it can hang for ever`, () => {
    assert.deepEqual(workflow.permissions, { contents: 'read' });
    assert.ok(workflow.concurrency);
    for (const job of jobs) assert.ok((job['timeout-minutes'] ?? 0) > 0);
  });

  test(`${file} publishes nothing that was not looked through for private data just before`, () => {
    for (const { steps } of jobs) {
      steps.forEach((step, at) => {
        if (!step.uses?.startsWith('actions/upload-artifact')) return;
        const looked = steps[at - 1];
        const path = String(step.with?.['path']).replace(/\$\{\{ env\.(\w+) \}\}/, '$$$1');
        assert.equal(looked?.id, 'privacy');
        assert.deepEqual(commands(looked.run ?? ''), [['npm', 'run', 'privacy', '--', path]]);
        assert.match(step.if ?? '', /&& steps\.privacy\.outcome == 'success'/);
      });
    }
  });

  test(`${file} calls commands that there are`, () => {
    const run = jobs.flatMap(({ steps }) => steps).flatMap((step) => commands(step.run ?? ''));
    assert.ok(run.length > 1);
    run.forEach(assertRuns);
  });

  test(`${file} hands on settings that there are, and no text of others into a script`, () => {
    for (const { env = {}, steps } of jobs) {
      for (const name of [env, ...steps.map((step) => step.env ?? {})].flatMap((one) => Object.keys(one))) {
        assert.ok(name in SETTINGS, `${name} is a setting`);
      }
      // A branch's name or a title in a script is a script of whoever gave it.
      for (const { run = '' } of steps) assert.doesNotMatch(run, /\$\{\{\s*(?:github\.(?:event|head_ref|ref_name)|inputs)/);
    }
  });

  test(`${file} begins at times that cron knows`, () => {
    for (const { cron } of workflow.on.schedule ?? []) assert.match(cron, /^[\d,*/-]+(?: [\d,*/-]+){4}$/);
  });
}

test('the synthetic workflow says for how long its rounds speak as often as it begins', () => {
  const workflow = parse(read('.github/workflows/synthetic.yml')) as Workflow;
  const minutes = (workflow.on.schedule?.[0]?.cron.split(' ')[0] ?? '').split(',').map(Number);
  const [first = NaN, second = NaN] = minutes;
  assert.equal(minutes.length * (second - first), 60);
  const line = Object.values(workflow.jobs).flatMap(({ steps }) => steps).flatMap((step) => commands(step.run ?? '')).find((one) => one[2] === 'synthetic') ?? [];
  assert.deepEqual(readArguments(line.slice(4))?.plan, { kind: 'once', everyMs: (second - first) * 60_000 });
});

test('the systemd units start a command that there is, as often as it says', () => {
  const service = read('ops/systemd/openshow-synthetic.service');
  const timer = read('ops/systemd/openshow-synthetic.timer');
  const command = words(/^ExecStart=\/usr\/bin\/env (.*)$/m.exec(service)?.[1] ?? '');
  assertRuns(command);
  assert.deepEqual(readArguments(command.slice(command.indexOf('--') + 1))?.plan, { kind: 'once', everyMs: 300_000 });
  assert.match(timer, /^OnCalendar=\*-\*-\* \*:00\/5:00 UTC$/m);
  assert.match(timer, /^WantedBy=timers\.target$/m);
});
