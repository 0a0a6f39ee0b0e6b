import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { CAMPAIGN, campaign, checkoutOf, command, folderOf, recordOf, type Checkout, type StandIn } from './testing.ts';

const signOffOf = (checkout: Checkout): string => readFileSync(join(folderOf(checkout), 'sign-off.md'), 'utf8');
const FAILED: StandIn = { decision: 'NO-GO', gates: { fast: 'fail' } };
const UNSURE: StandIn = { decision: 'INCONCLUSIVE', gates: { fast: 'inconclusive' } };

test('the gates run in order, each run in a folder of its own, and the sign-off waits for whom it must', async (t) => {
  const checkout = checkoutOf(t);
  const { status, stdout, stderr } = await campaign(checkout);
  assert.deepEqual([status, stderr], [2, ''], stdout);
  assert.deepEqual(checkout.started(), [
    'gate-1-baseline baseline.yml',
    'gate-1-again again.yml',
    'gate-2-soak soak.yml',
  ]);
  const record = recordOf(checkout);
  assert.deepEqual(
    record.gates.map((gate) => gate.decision),
    ['GO', 'GO', 'INCONCLUSIVE'],
  );
  assert.equal(record.reason, 'sign-off: 1 of 2 criteria for a person to tick');
  assert.match(record.runs[0]?.runId ?? '', /^gate-1-baseline-\d{4}-/);
  assert.match(record.runs[0]?.recordSha256 ?? '', /^[0-9a-f]{64}$/);
  assert.match(stdout, /── gate-1 Baseline · run 1 of 2: baseline, about 10 min · then again, soak: about 66 min/);
  assert.match(stdout, / INCONCLUSIVE {3}demo · A campaign of a test · 3 runs/);
  assert.match(signOffOf(checkout), /\| ✓ \| speed \| P95 ≤ 100ms \| fast p75/);
});

test('a tick by a person completes the sign-off; who, when and what they saw stay with it', async (t) => {
  const checkout = checkoutOf(t);
  await campaign(checkout);
  const { status, stdout } = await campaign(
    checkout,
    '--tick',
    'approved',
    '--by',
    'Ada',
    '--note',
    'within the budget',
  );
  assert.equal(status, 0, stdout);
  const record = recordOf(checkout);
  assert.deepEqual([record.decision, record.ticks[0]?.by, record.ticks[0]?.note], ['GO', 'Ada', 'within the budget']);
  assert.match(record.ticks[0]?.at ?? '', /^\d{4}-\d\d-\d\dT/);
  assert.match(signOffOf(checkout), /^# GO · demo/);
  assert.equal((await campaign(checkout, '--status')).status, 0);
});

test('only what a person has to tick can be ticked', async (t) => {
  const checkout = checkoutOf(t);
  const by = ['--by', 'Ada', '--note', 'seen'];
  assert.match((await campaign(checkout, '--tick', 'approved', ...by)).stderr, /J_CAMPAIGN_NOT_FOUND/);
  await campaign(checkout);
  for (const [args, expected] of [
    [['--tick', 'aproved', ...by], /no criterion is "aproved" \(did you mean "approved"\?\)/],
    [['--tick', 'speed', ...by], /"speed" is ticked by the evidence of its runs/],
    [['--tick', 'approved'], /--tick needs --by <name> and --note/],
    [['--tick', 'approved', '--by', ' ', '--note', 'x'], /--tick needs --by/],
  ] as const) {
    const { status, stderr } = await campaign(checkout, ...args);
    assert.equal(status, 3);
    assert.match(stderr, expected);
  }
  assert.equal(recordOf(checkout).ticks.length, 0);
});

test('a NO-GO stops the campaign at once; after a fix it goes on there and keeps what had passed', async (t) => {
  const checkout = checkoutOf(t, { 'gate-2-soak': [{ decision: 'NO-GO', gates: { long: 'fail' } }, {}] });
  const first = await campaign(checkout);
  assert.equal(first.status, 1);
  assert.match(first.stdout, /✗ endurance {2}"stable"/);
  assert.match(first.stdout, /go on +npm run campaign -- demo --resume/);
  checkout.write('src/fix.ts', 'export {};\n');
  const second = await campaign(checkout, '--resume');
  assert.equal(second.status, 2, second.stdout + second.stderr);
  assert.deepEqual(checkout.started().slice(3), ['gate-2-soak soak.yml']);
  const record = recordOf(checkout);
  assert.deepEqual(
    record.gates.map((gate) => gate.decision),
    ['GO', 'GO', 'INCONCLUSIVE'],
  );
  assert.match(record.gates[0]?.notes[0] ?? '', /the code has changed since gate-1-baseline/);
  assert.deepEqual(record.gates[1]?.notes, ['soak was run 2 times: NO-GO, GO']);
});

test('a NO-GO ends its gate before the gate’s other runs, and a fix repeats them on the same code', async (t) => {
  const checkout = checkoutOf(t, { 'gate-1-again': [FAILED, {}] });
  assert.equal((await campaign(checkout)).status, 1);
  assert.deepEqual(checkout.started().length, 2);
  checkout.write('src/fix.ts', 'export {};\n');
  await campaign(checkout, '--resume');
  assert.deepEqual(
    checkout.started().map((line) => line.split(' ')[0]),
    ['gate-1-baseline', 'gate-1-again', 'gate-1-baseline', 'gate-1-again', 'gate-2-soak'],
  );
});

test('a GO without any change after a NO-GO is told as a repetition', async (t) => {
  const checkout = checkoutOf(t, { 'gate-1-baseline': [FAILED, {}] });
  await campaign(checkout);
  await campaign(checkout, '--resume');
  assert.match(recordOf(checkout).gates[0]?.notes.join('\n') ?? '', /became GO without a change/);
});

test('a whole campaign stops after a gate that settles nothing; a compressed one goes on', async (t) => {
  const whole = checkoutOf(t, { 'gate-1-baseline': [UNSURE] });
  assert.equal((await campaign(whole)).status, 2);
  assert.deepEqual(whole.started().length, 2);
  const compressed = checkoutOf(t, { 'gate-1-baseline': [UNSURE] });
  const { status, stdout } = await campaign(compressed, '--scale', '1000');
  assert.equal(status, 2);
  assert.match(stdout, /compressed up to 1,000-fold: not a sign-off/);
  assert.match(stdout, /\? speed {2}"P95 ≤ 100ms"/);
  assert.deepEqual(compressed.started().length, 3);
  assert.match(compressed.started()[0] ?? '', /gate-1-baseline-.*Z\.profile\.yml$/);
  assert.match(signOffOf(compressed), /\*\*Compressed: not a sign-off\.\*\*/);
  const { stderr } = await campaign(compressed, '--resume', '--scale', '10');
  assert.match(stderr, /was begun as --scale 1000: leave --scale out/);
});

test('a refused run stops the campaign with its exit code, and so does a fault of the harness', async (t) => {
  const refused = checkoutOf(t, { 'gate-1-baseline': [{ refused: true }, {}] });
  assert.equal((await campaign(refused)).status, 3);
  assert.equal(recordOf(refused).runs[0]?.outcome, 'refused');
  assert.equal((await campaign(refused, '--resume')).status, 2);
  const broken = checkoutOf(t, { 'gate-1-baseline': [{ exitCode: 4 }] });
  // Its record is whole: a report that could not be written makes no other verdict.
  assert.equal((await campaign(broken)).status, 2);
});

test('--from begins with a gate; with --resume it sets aside what that gate and later ones had shown', async (t) => {
  const fresh = checkoutOf(t);
  await campaign(fresh, '--from', 'gate-2');
  assert.deepEqual(fresh.started(), ['gate-2-soak soak.yml']);
  assert.match(recordOf(fresh).reason, /gate-1: not reached/);
  await campaign(fresh, '--resume', '--from', 'gate-1');
  assert.deepEqual(
    fresh.started().map((line) => line.split(' ')[0]),
    ['gate-2-soak', 'gate-1-baseline', 'gate-1-again', 'gate-2-soak'],
  );
  assert.deepEqual(
    recordOf(fresh)
      .gates.slice(0, 2)
      .map((gate) => gate.decision),
    ['GO', 'GO'],
  );
  assert.match((await campaign(fresh, '--from', 'gate2')).stderr, /no gate is "gate2" \(did you mean "gate-2"\?\)/);
});

test('evidence that was changed by hand, or taken away, counts no more', async (t) => {
  const checkout = checkoutOf(t);
  await campaign(checkout);
  const runs = recordOf(checkout).runs;
  const path = (index: number): string => join(folderOf(checkout), runs[index]?.runId ?? '', 'record.json');
  writeFileSync(path(0), readFileSync(path(0), 'utf8').replace('As told.', 'All well.'));
  rmSync(path(2));
  const { status, stdout } = await campaign(checkout, '--status');
  assert.equal(status, 2);
  assert.match(stdout, /record\.json has changed since the campaign judged by it/);
  assert.match(stdout, /record\.json is gone/);
  await campaign(checkout, '--resume');
  assert.deepEqual(
    checkout
      .started()
      .slice(3)
      .map((line) => line.split(' ')[0]),
    ['gate-1-baseline', 'gate-2-soak'],
  );
});

test('with --json standard output is one object; the runs speak on standard error', async (t) => {
  const checkout = checkoutOf(t);
  const { stdout, status } = await campaign(checkout, '--json');
  const json = JSON.parse(stdout) as {
    name: string;
    cases: { id: string }[];
    aims: { id: string; observed: number | null; met: boolean }[];
  };
  assert.deepEqual([status, json.name, json.cases.length], [2, 'demo', 3]);
  assert.ok(json.aims.some((aim) => aim.id.startsWith('speed/fast/') && aim.met));
  assert.deepEqual(
    json.aims.find((aim) => aim.id === 'approved'),
    { id: 'approved', unit: 'ticked', limit: 1, observed: null, n: 0, met: false },
  );
});

test('bad options, names and files are coded errors, and start nothing', async (t) => {
  const checkout = checkoutOf(t);
  const cases: [string[], RegExp][] = [
    [['--scale', 'fast'], /J_USAGE[^]*--scale wants a number from 1 to/],
    [['--scale', '0.5'], /--scale wants/],
    [['--scale', '-3'], /J_USAGE/],
    [['--scale', 'Infinity'], /--scale wants/],
    [['--nope'], /J_USAGE/],
    [['other'], /give one campaign/],
    [['--status', '--resume'], /--status takes no --resume/],
    [['--by', 'Ada'], /--by and --note go with --tick/],
    [['--status', '--dry-run'], /do not go together/],
    [['--resume'], /J_CAMPAIGN_NOT_FOUND[^]*holds no campaign demo that was begun/],
    [['--status'], /J_CAMPAIGN_NOT_FOUND/],
  ];
  for (const [args, expected] of cases) {
    const { status, stderr } = await campaign(checkout, ...args);
    assert.equal(status, 3, args.join(' '));
    assert.match(stderr, expected, args.join(' '));
  }
  for (const name of ['dmeo', '../slo', '']) {
    const { status, stderr } = await command(checkout, [name]);
    assert.equal(status, 3, name);
    assert.match(stderr, /J_CAMPAIGN_NOT_FOUND/);
  }
  checkout.write('campaigns/demo.yml', 'version: 1\n');
  assert.match((await campaign(checkout)).stderr, /J_CAMPAIGN_INVALID[^]*demo\.yml/);
  assert.deepEqual(checkout.started(), []);
});

test('a dry run checks everything and says what would run', async (t) => {
  const checkout = checkoutOf(t);
  const { status, stdout } = await campaign(checkout, '--dry-run', '--scale', '1000');
  assert.equal(status, 0);
  assert.match(stdout, /demo: A campaign of a test · about 4 min, compressed: not a sign-off/);
  assert.match(
    stdout,
    /gate-1 {2}Baseline: 2 criteria, 2 by evidence, 0 by a person, 0 open\n {2}baseline {7}about 80 s/,
  );
  assert.deepEqual(checkout.started(), []);
});

test('a torn or foreign campaign.json is a coded error with its place', async (t) => {
  const checkout = checkoutOf(t);
  await campaign(checkout);
  const file = join(folderOf(checkout), 'campaign.json');
  for (const [text, expected] of [
    ['{', /not JSON/],
    ['', /the file is empty/],
    ['{"schemaVersion": 9}', /schemaVersion 9/],
    ['{"schemaVersion": 1}', /campaign\.json name/],
  ] as const) {
    writeFileSync(file, text);
    const { status, stderr } = await campaign(checkout, '--status');
    assert.equal(status, 3);
    assert.match(stderr, expected);
  }
});

test('what a short run can only fail is unsettled in a compressed campaign, and NO-GO in a whole one', async (t) => {
  const told = { 'gate-1-baseline': [{ decision: 'NO-GO', gates: { clean: 'fail' } }] } satisfies Record<
    string,
    StandIn[]
  >;
  for (const [args, expected] of [
    [
      ['--scale', '100'],
      ['INCONCLUSIVE', 3],
    ],
    [[], ['NO-GO', 1]],
  ] as const) {
    const checkout = checkoutOf(t, told);
    checkout.write('campaigns/demo.yml', `${CAMPAIGN}only_whole: { clean: the first are always dirty }\n`);
    await campaign(checkout, ...args);
    const { runs } = recordOf(checkout);
    assert.deepEqual([runs[0]?.decision, runs.length], expected);
  }
});
