import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { RunRecord } from '../model/index.ts';
import type { Story } from '../model/index.ts';
import { environmentOf, reportNameOf } from './allure/environment.ts';
import { annotations } from './github-annotations.ts';
import { overrideLines, parityParts } from './guards.ts';
import { createDraw } from './html/charts/draw.ts';
import { reportPage } from './html/page.ts';
import { junitXml } from './junit.ts';
import { stepSummary } from './step-summary.ts';
import { verdictBlock } from './terminal.ts';

const GOLDEN = readFileSync(new URL('../golden/run/record.json', import.meta.url), 'utf8');
const plain = (): RunRecord => RunRecord.parse(JSON.parse(GOLDEN));
const NO_STORY: Story = {
  slotMs: 1_000, slots: 0, phases: [], faults: [], panels: [], breakers: [], waterfalls: [], distributions: [], temperatures: [], failures: [],
};
const OPTIONS = { runPath: 'reports/run-1', width: 200, color: false };

/** A run past a guard, for a reason that somebody made up to do harm, in an environment that says what it likes. */
function overridden(): RunRecord {
  const record = plain();
  record.plan.overrides = [{ guard: 'off-peak', what: 'load may be made at night', reason: 'agreed <b>with</b> the\u001b[2J owners\n::error::' }];
  record.plan.parity = {
    manifest: null,
    findings: [
      { what: 'version', expected: '2.*', actual: '<i>2.1</i>', matches: true }, { what: 'instances', expected: 'at least 3', actual: null, matches: false },
    ],
  };
  return RunRecord.parse(record);
}

async function everywhere(record: RunRecord): Promise<Record<string, string>> {
  const draw = await createDraw();
  return {
    block: verdictBlock(record, OPTIONS),
    html: reportPage({ record, story: NO_STORY, draw, runPath: 'reports/run-1', toProject: null, pictures: new Map() }),
    summary: stepSummary(record),
    annotation: annotations(record, 'reports/run-1')[0] ?? '',
    junit: await junitXml(record, 'reports/run-1'),
    allure: `${reportNameOf(record)}\n${Object.entries(environmentOf(record)).map((entry) => entry.join('=')).join('\n')}`,
  };
}

test('an overridden guard stands at the top wherever a run is told, and what stands in it does no harm there', async () => {
  const told = await everywhere(overridden());
  const [, line = ''] = told['block']?.split('\n') ?? [];
  assert.match(line, /^ ! guard overridden: off-peak · load may be made at night · reason: agreed <b>with<\/b>/);
  assert.match(verdictBlock(overridden(), { ...OPTIONS, color: true }).split('\n')[1] ?? '', /^\u001b\[33m ! guard overridden/);
  assert.match(told['html'] ?? '', /<p class="overridden">guard overridden: off-peak .* &lt;b&gt;with/);
  assert.ok((told['html'] ?? '').indexOf('class="overridden"') < (told['html'] ?? '').indexOf('class="tiles"'));
  assert.match(told['summary'] ?? '', /^\*\*guard overridden: off-peak/m);
  assert.match(told['annotation'] ?? '', /^::\w+ title=[^\n]*::guard overridden: off-peak[^\n]*$/);
  assert.match(told['junit'] ?? '', /name="guard\.overridden\.1" value="guard overridden: off-peak/);
  assert.match(told['allure'] ?? '', /^[\w-]+ · guards overridden · /);
  assert.match(told['allure'] ?? '', /^guards overridden=guard overridden: off-peak/m);
  for (const [where, text] of Object.entries(told)) {
    assert.doesNotMatch(text, /\u001b\[2J|\n::error/, where);
    if (!['block', 'annotation', 'allure'].includes(where)) assert.doesNotMatch(text, /<b>with|<i>2\.1/, where);
  }
});

test('a run that passed its guards says nothing of them', async () => {
  for (const [where, text] of Object.entries(await everywhere(plain()))) assert.doesNotMatch(text.replace(/<style>[\s\S]*?<\/style>/, ''), /overridden/, where);
  assert.deepEqual([overrideLines(plain()), parityParts(plain())], [[], []]);
});

test('the report says what the environment was, and where it differs from what the plan expects', async () => {
  assert.deepEqual(parityParts(overridden()), ['version <i>2.1</i>', 'instances unknown instead of at least 3']);
  assert.match((await everywhere(overridden()))['html'] ?? '', /version &lt;i&gt;2\.1&lt;\/i&gt;, instances unknown instead of at least 3/);
});
