import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { RunRecord } from '../model/index.ts';
import { runbookOf } from '../model/runbook.ts';
import { stepSummary } from './step-summary.ts';
import { verdictBlock } from './terminal.ts';

/** Four gates of four kinds failed in it. */
const RECORD = RunRecord.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../golden/run/record.json'), 'utf8')));
const FAILED = RECORD.verdict.gates.filter(({ status }) => status === 'fail');
const OPTIONS = { runPath: 'reports/run-1', width: 120, color: false };

function pagesIn(block: string): string[] {
  return [...block.matchAll(/ops\/runbooks\/[\w-]+\.md/g)].map(([path]) => path);
}

test('the block ends with the runbook of each kind of gate that failed, once', () => {
  const pages = pagesIn(verdictBlock(RECORD, OPTIONS));
  assert.deepEqual([...pages].sort(), [...new Set(FAILED.map(({ metric }) => runbookOf(metric)))].sort());
  const twice = { ...RECORD, verdict: { ...RECORD.verdict, gates: [...FAILED, ...FAILED] } };
  assert.deepEqual(pagesIn(verdictBlock(twice, OPTIONS)), pages);
  const open = FAILED.map((gate) => ({ ...gate, status: 'no-data' as const }));
  assert.deepEqual(pagesIn(verdictBlock({ ...RECORD, verdict: { ...RECORD.verdict, gates: open } }, OPTIONS)), []);
});

test('in the step summary each failed gate has its own link, or the path where no address is known', () => {
  const sourceUrl = 'https://example.com/team/site/blob/abc/';
  const lastCells = (summary: string): string[] => [...summary.matchAll(/^\| ✗ .* \| (.*) \|$/gm)].map((match) => match[1] ?? '');
  const linked = lastCells(stepSummary(RECORD, sourceUrl));
  assert.deepEqual(linked.sort(), FAILED.map(({ metric }) => `[runbook](${sourceUrl}${runbookOf(metric)})`).sort());
  assert.deepEqual(lastCells(stepSummary(RECORD)).sort(), FAILED.map(({ metric }) => runbookOf(metric)).sort());
});
