import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../drive/testing.ts';
import { RunRecord } from '../../model/index.ts';
import type { GateResult, Story } from '../../model/index.ts';
import { roundTicks, tickText, timeTicks } from './charts/axes.ts';
import { createDraw } from './charts/draw.ts';
import { gateChart } from './charts/gate-chart.ts';
import { frameOf, panelChart } from './charts/panel-chart.ts';
import { spreadChart } from './charts/spread-chart.ts';
import { gateScale } from './gate-scale.ts';
import { wayToProject } from './html.ts';
import { html, textOf } from './markup.ts';
import { reportPage } from './page.ts';
import { readPictures } from './pictures.ts';
import { sampleStory, withDrills } from './sample.ts';
import { fileLink, linked } from './view.ts';
import type { View } from './view.ts';
import { sentence } from './words.ts';

const GOLDEN = RunRecord.parse(JSON.parse(readFileSync(new URL('../../golden/run/record.json', import.meta.url), 'utf8')));
const NOTHING_SEEN: Story = {
  slotMs: 1_000, slots: 0, phases: [], faults: [], panels: [], breakers: [], waterfalls: [], distributions: [], temperatures: [], failures: [],
};
const draw = await createDraw();
const viewOf = (record: RunRecord, story: Story): View =>
  ({ record, story, draw, runPath: 'reports/golden', toProject: '../../', pictures: new Map() });

function gateOf(changes: Partial<GateResult>): GateResult {
  return {
    id: 'a', title: 'signup › submit signup', metric: 'perceived_latency', stat: 'p75', status: 'pass', observed: 188, observedAbove: null,
    interval: { low: 171, high: 203 }, limit: { kind: 'max', value: 500 }, unit: 'ms', n: 12, evidence: [], hint: null, ...changes,
  };
}

test('text from outside is text, in elements and in attributes; lists and nothing are what they are', () => {
  const hostile = '<script>alert(1)</script>" onload="x\' & \u001b[31m\u202e';
  assert.equal(
    textOf(html`<p title="${hostile}">${[hostile, 3, null, false, undefined, html`<b>x</b>`]}</p>`),
    '<p title="&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&quot;x&#39; &amp; \ufffd">'
    + '&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&quot;x&#39; &amp; \ufffd3<b>x</b></p>',
  );
});

test('nothing that was read from a file passes for markup', () => {
  const read = JSON.parse('{"markup":"<b>","Symbol(markup)":"<b>"}') as never;
  assert.doesNotMatch(String(textOf(read)), /<b>/);
});

test('only plain files of the run folder become links', () => {
  for (const name of ['failures/1-pay.png', 'record.json', 'observations.worker-1.ndjson']) assert.match(textOf(fileLink(name)), /^<a href="/, name);
  for (const name of ['../secret.txt', '/etc/passwd.txt', 'javascript:alert(1).png', 'failures/../../x.png', 'https://a.example/x.png', 'a b.png', '"x.png']) {
    assert.doesNotMatch(textOf(fileLink(name)), /<a/, name);
  }
  assert.equal(
    textOf(linked('at 12 s of user vu-1 J_X, screenshot failures/a.jpg, and more')),
    'at 12 s of user vu-1 J_X, screenshot <a href="failures/a.jpg">failures/a.jpg</a>, and more',
  );
});

test('every gate on the scale of its limit: 1 is the limit, less is better', () => {
  const least = { kind: 'min', value: 99 } as const;
  const cases: [string, Partial<GateResult>, ReturnType<typeof gateScale>][] = [
    ['a time', { observed: 250 }, { at: 0.5, interval: { low: 171 / 500, high: 203 / 500 }, beyond: false }],
    ['an open end', { observed: 250, interval: { low: 100, high: null } }, { at: 0.5, interval: { low: 0.2, high: null }, beyond: false }],
    ['beyond a deadline', { observed: null, observedAbove: 1_000, interval: null }, { at: 2, interval: null, beyond: true }],
    ['nothing', { observed: null, interval: null }, { at: null, interval: null, beyond: false }],
    ['a least share', { unit: '%', limit: least, observed: 99.5, interval: { low: 98, high: 100 } }, { at: 0.5, interval: { low: 0, high: 2 }, beyond: false }],
    ['a least multiple', { unit: 'x', limit: { kind: 'min', value: 3 }, observed: 6, interval: { low: 6, high: null } }, { at: 0.5, interval: { low: null, high: 0.5 }, beyond: false }],
    ['a limit of zero', { limit: { kind: 'max', value: 0 } }, null],
    ['a least share of all', { unit: '%', limit: { kind: 'min', value: 100 } }, null],
  ];
  for (const [name, changes, scale] of cases) assert.deepEqual(gateScale(gateOf(changes)), scale, name);
});

test('the reason in one sentence: the weightiest gates by title and figures, money first', () => {
  const money = gateOf({ id: 'm', metric: 'integrity', title: 'payments › duplicate charge', stat: 'count', status: 'fail', observed: 1, interval: null, limit: { kind: 'max', value: 0 }, unit: 'breaches' });
  const slow = gateOf({ id: 's', status: 'fail', observed: 912 });
  const late = gateOf({ id: 'l', status: 'fail', observed: null, observedAbove: 15_000, metric: 'vital', title: 'LCP › all pages' });
  const open = gateOf({ id: 'o', status: 'inconclusive', hint: 'needs 18 more samples; server 78 %' });
  const of = (decision: 'GO' | 'NO-GO' | 'INCONCLUSIVE', reason: string, gates: GateResult[]): string => sentence({ verdict: { decision, reason, gates, exitCode: 1 } });
  assert.equal(
    of('NO-GO', '3 of 4 gates failed (s, l, m), and the run was interrupted.', [slow, late, money, open]),
    '3 of 4 gates failed: payments, duplicate charge (1 breach, none is allowed); signup, submit signup (p75 912 ms, at most 500 ms allowed); and 1 more, and the run was interrupted.',
  );
  assert.equal(of('INCONCLUSIVE', '1 of 1 gate could not be settled (o).', [open]), '1 of 1 gate could not be settled: signup, submit signup (needs 18 more samples).');
  assert.equal(of('GO', 'All 2 gates passed.', [gateOf({}), gateOf({ id: 'b', title: 'x', observed: 400 })]), 'All 2 gates passed. Nearest its limit is x: 400 ms, at most 500 ms allowed.');
  assert.equal(of('INCONCLUSIVE', 'Every gate passed, but the run was interrupted.', [gateOf({})]), 'Every gate passed, but the run was interrupted.');
});

test('axes have round values', () => {
  assert.deepEqual(timeTicks(110_000, 5), [0, 30_000, 60_000, 90_000]);
  assert.deepEqual(timeTicks(72 * 3_600_000, 4).map((ms) => tickText(ms, 72 * 3_600_000)), ['0 h', '24 h', '48 h', '72 h']);
  assert.deepEqual([tickText(90_000, 600_000), tickText(5_400_000, 3 * 3_600_000)], ['1:30', '1:30 h']);
  assert.deepEqual(roundTicks(0, 940, 5, false), [0, 200, 400, 600, 800]);
  assert.deepEqual(roundTicks(40, 1_200, 5, true), [50, 100, 200, 500, 1_000]);
});

test('charts carry no style, id, script or address, name their colours by property, and are the same each time', () => {
  const story = sampleStory('<b onclick="x">&');
  const [panel] = story.panels;
  assert.ok(panel);
  const chart = panelChart(panel, story.slotMs, frameOf(story, [], 820));
  const drawn = draw(chart);
  assert.equal(draw(chart), drawn);
  assert.doesNotMatch(drawn, /style|<script|<defs| id=|url\(|href|class=|ecmeta|NaN|undefined|<b/);
  assert.match(drawn, /stroke="var\(--blue,#2b62c9\)"/);
  for (const distribution of story.distributions) assert.doesNotMatch(draw(spreadChart('<b>', [{ title: '<b>', spread: distribution, fill: 'blue' }], 250) ?? assert.fail()), /<b>|NaN/);
  const limit = gateChart(gateOf({ limit: { kind: 'max', value: 0 } }));
  assert.equal(limit, null);
});

test('a gap is a gap: no line goes through it, and a value alone is a dot', () => {
  const values = [1, 2, null, 3, null, 4, 5];
  const panel = { id: 'users', kpi: null, title: 'users', unit: 'users', tracks: [{ id: 'users', title: 'users', values, n: null }] } as const;
  const drawn = draw(panelChart({ ...panel, tracks: panel.tracks.map((one) => ({ ...one, values: [...one.values] })) }, 1_000, frameOf({ ...NOTHING_SEEN, slots: 7 }, [], 400)));
  const line = /<path d="(M[^"]*)" fill="none" stroke="var\(--blue/.exec(drawn)?.[1] ?? '';
  assert.equal(line.match(/L/g)?.length, 2, line);
  assert.equal(drawn.match(/<path [^>]*fill="var\(--blue/g)?.length, 1);
});

test('samples that are all alike, or one alone, still make a chart', () => {
  const [spread] = sampleStory().distributions;
  assert.ok(spread);
  for (const at of [0, 250]) {
    const drawn = draw(spreadChart('x', [{ title: null, spread: { ...spread, n: 1, p50: at, p95: at, bins: [{ from: at, to: at, count: 1 }] }, fill: 'blue' }], null) ?? assert.fail());
    assert.doesNotMatch(drawn, /NaN|Infinity/);
    assert.match(drawn, /fill="var\(--blue/);
  }
  assert.equal(spreadChart('x', [{ title: null, spread: { ...spread, bins: [] }, fill: 'blue' }], null), null);
});

test('a run of which nothing is known says so everywhere, with the reason, and never shows a zero for it', () => {
  const { api: _api, metrics: _metrics, cost: _cost, audit: _audit, ...plan } = GOLDEN.plan;
  const { integrity: _integrity, ...rest } = GOLDEN;
  const record: RunRecord = {
    ...rest, plan: { ...plan, kpis: [], gates: [] }, environment: null, findings: [], attributions: [], arrivals: [],
    totals: { ...GOLDEN.totals, journeys: 0, observed: 0, byOutcome: {}, durationMs: 0, ended: null },
    validity: { ...GOLDEN.validity, observer: null, crowd: null, healthyShare: null, disturbed: [], windows: [], summary: 'canary not run' },
    verdict: { decision: 'INCONCLUSIVE', reason: 'No gate is judged in this profile.', gates: [], exitCode: 2 },
  };
  const page = reportPage(viewOf(record, NOTHING_SEEN));
  assert.doesNotMatch(page, /NaN|undefined|>null|Infinity|\[object/);
  for (const reason of [
    'No browser user came', 'no observed user completed a step', 'this plan sends no API traffic', 'payments are not audited', 'slo.yml gives no prices', 'no canary ran',
    'this profile does not look for the limit', 'this plan breaks nothing on purpose', 'reads no metrics page', 'environment.json was not written',
  ]) assert.match(page.toLowerCase(), new RegExp(reason.toLowerCase()), reason);
});

test('what nobody could have found is no zero: payments that were not seen, breaches that no book tells of, a phase that never began', () => {
  const { integrity } = GOLDEN;
  assert.ok(integrity);
  const unseen: RunRecord = {
    ...GOLDEN, integrity: { ...integrity, payments: 0, fromBrowsers: 0, inPlatform: 0, atProvider: 0, ruledOutPercent: null, breaches: [],
      counts: Object.fromEntries(Object.keys(integrity.counts).map((kind) => [kind, 0])) as typeof integrity.counts },
    findings: GOLDEN.findings.map((one) => (one.metric === 'integrity' ? { ...one, value: null, n: 0 } : one)),
    arrivals: GOLDEN.arrivals.map((one, at) => ({ ...one, extent: at === 0 ? 'cut' as const : 'never' as const, note: null })),
  };
  const page = reportPage(viewOf(unseen, NOTHING_SEEN));
  assert.match(page, /Payments astray<\/dt><dd><span class="figure">no data/);
  assert.match(page, /No data: no payment was seen/);
  assert.match(page, /<th scope="row">duplicate charge<\/th><td class="num">–<\/td>/);
  const killed = reportPage(viewOf({ ...unseen, integrity: { ...integrity, inPlatform: 0, atProvider: 0, states: {}, books: { platform: null, provider: null } } }, NOTHING_SEEN));
  assert.match(killed, /ledger<\/dt><dd>– \(never read\)/);
  assert.match(killed, /book<\/dt><dd>– \(never read\)/);
  assert.match(page, /as planned until then/);
  assert.doesNotMatch(page, />as planned</);
});

test('a drill that was not judged did not fail', () => {
  const drilled = withDrills(GOLDEN);
  const drills = (drilled.drills ?? []).map((one) => ({ ...one, verdict: 'not judged' as const }));
  assert.match(reportPage(viewOf({ ...drilled, drills }, NOTHING_SEEN)), /0 of 1 drill passed, 1 not judged\./);
});

test('success counts everybody and latency those who were observed: neither is told of the other', () => {
  const page = reportPage(viewOf(GOLDEN, sampleStory()));
  assert.doesNotMatch(page, /\d observed users? ·/);
  assert.match(page, /tasks were done, half of the \d+ observed ones within/);
});

test('a search for the limit that found nothing is not told as none', () => {
  const finding = { metric: 'capacity_headroom', scope: {}, stat: 'value', value: null, interval: null, unit: 'x', n: 0, censored: 0, unmeasured: 0, events: null, window: '0 levels of load' };
  const page = reportPage(viewOf({ ...GOLDEN, findings: [...GOLDEN.findings, finding] }, NOTHING_SEEN));
  assert.match(page, /no data<\/span><span\s+class="small muted">the API lane sent nothing that could rise/);
  assert.match(page, /No data: the API lane sent nothing that could rise/);
  assert.doesNotMatch(page, /does not look for the limit|only the stress profile/);
});

test('the page has one style sheet, named by its hash in a policy that allows nothing else, and the same run gives the same page', () => {
  const record = withDrills(GOLDEN);
  const page = reportPage(viewOf(record, sampleStory()));
  assert.ok(reportPage(viewOf(record, sampleStory())) === page, 'another page');
  const sheets = [...page.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, sheet = '']) => sheet);
  assert.equal(sheets.length, 1);
  const hash = createHash('sha256').update(sheets[0] ?? '').digest('base64');
  assert.ok(page.includes(`content="default-src 'none'; style-src 'sha256-${hash}'; img-src data:;`));
  assert.doesNotMatch(page, /<script|<link|<iframe| style="|javascript:|https?:\/\/(?!127\.0\.0\.1|www\.w3\.org\/2000\/svg)/i);
});

test('a failed gate leads to its runbook and to the files of its failures', () => {
  const page = reportPage(viewOf(GOLDEN, { ...NOTHING_SEEN, failures: [{
    journey: 'escrow checkout', step: 'open checkout', code: 'J_STEP_TIMEOUT', message: null, tMs: 1, times: 1, screenshot: 'failures/1.png', trace: 'failures/1.zip',
  }] }));
  const notes = /id="gate-open-checkout">[\s\S]*?<tr class="notes fail">([\s\S]*?)<\/tr>/.exec(page)?.[1] ?? '';
  for (const href of ['../../ops/runbooks/perceived-latency.md', 'failures/1.png', 'failures/1.zip']) assert.ok(notes.includes(`href="${href}"`), href);
});

test('the way to the project is relative, and there is none from outside of it', () => {
  assert.equal(wayToProject('/p/reports/run-1', '/p/'), '../../');
  assert.equal(wayToProject('/p/a/b/c', '/p/'), '../../../');
  for (const dir of ['/elsewhere/run', '/p', '/']) assert.equal(wayToProject(dir, '/p/'), null, dir);
});

test('pictures are taken into the page only where they are pictures, small, and in the run folder', async (t) => {
  const folder = temporaryFolder(t);
  await mkdir(join(folder, 'failures'));
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]);
  await writeFile(join(folder, 'failures/real.png'), png);
  await writeFile(join(folder, 'failures/text.png'), '<svg onload="alert(1)">');
  await writeFile(join(folder, 'failures/large.png'), Buffer.concat([png, Buffer.alloc(400_000)]));
  await symlink('/etc/hostname', join(folder, 'failures/link.png'));
  const names = ['failures/real.png', 'failures/text.png', 'failures/large.png', 'failures/link.png', 'failures/gone.png', '../up.png'];
  const failures = names.map((screenshot) => ({ journey: null, step: null, code: 'x', message: null, tMs: 0, times: 1, screenshot, trace: null }));
  const pictures = await readPictures(folder, { failures });
  assert.deepEqual([...pictures], [['failures/real.png', `data:image/png;base64,${png.toString('base64')}`]]);
});
