import { join } from 'node:path';
import type { GateResult, RunRecord } from '../model/index.ts';
import { runbookOf } from '../model/runbook.ts';
import { GATE_GROUPS } from './gate-groups.ts';
import { overrideLines } from './guards.ts';
import { gateFigures, runDoubt } from './gate-sentence.ts';
import type { Reporter } from './reporter.ts';
import { harmless } from './text.ts';
import { writeWhole } from './write-file.ts';

interface Case {
  name: string;
  /** The element that says why it did not pass; null where it did. */
  trouble: { element: 'failure' | 'error' | 'skipped'; type: string; message: string; text: string } | null;
  /** What passed, in figures. */
  output: string | null;
}

interface Suite {
  id: string;
  title: string;
  cases: Case[];
}

/**
 * Returns the verdict as JUnit XML: a suite a gate group, a case a gate. A missed limit is a `failure`; what could not
 * be settled, or had no data, is `skipped` with its reason; a fault of the harness, or a run cut short, is an `error`. No
 * case has a time: a gate takes none, and the run's stands at the top. Attributes are one line, whatever a name from
 * outside holds; xmlbuilder2 escapes what is markup.
 */
export async function junitXml(record: RunRecord, runPath: string, sourceUrl = ''): Promise<string> {
  const { create } = await import('xmlbuilder2');
  const { plan, totals, verdict, environment } = record;
  const suites = suitesOf(record, sourceUrl);
  const all = suites.flatMap(({ cases }) => cases);
  const timestamp = new Date(plan.startedAtEpochMs).toISOString().slice(0, 19);
  const seconds = (totals.durationMs / 1_000).toFixed(3);
  const root = create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: '\ufffd' }).ele('testsuites', {
    name: harmless(`${plan.script} · ${plan.profile}`), ...countsOf(all), time: seconds,
  });
  for (const { id, title, cases } of suites) {
    const suite = root.ele('testsuite', { name: title, ...countsOf(cases), timestamp });
    const properties = suite.ele('properties');
    for (const [name, value] of Object.entries({
      'run.id': plan.runId, decision: verdict.decision, reason: verdict.reason, profile: plan.profile,
      target: plan.target.url, commit: environment?.commit ?? null, 'harness.version': record.provenance.harnessVersion,
      report: runPath, ...Object.fromEntries(overrideLines(record).map((line, index) => [`guard.overridden.${index + 1}`, line])),
    })) {
      if (value !== null) properties.ele('property', { name, value: harmless(value) });
    }
    for (const { name, trouble, output } of cases) {
      const classname = harmless(`journeys.${plan.profile}.${id}`);
      const one = suite.ele('testcase', { name: harmless(name), classname });
      if (trouble) {
        const { element, message, type, text } = trouble;
        one.ele(element, { message: harmless(message), type: harmless(type) }).txt(text);
      }
      if (output !== null) one.ele('system-out').txt(output);
    }
  }
  return `${root.end({ prettyPrint: true })}\n`;
}

/** The run itself comes first: without it, a run that was cut short would show nothing but what passed. */
function suitesOf(record: RunRecord, sourceUrl: string): Suite[] {
  const doubt = runDoubt(record);
  const run: Case = {
    name: 'the run came to its end as planned',
    trouble: doubt === null ? null : { element: 'error', type: 'run', message: doubt, text: harmless(doubt) },
    output: null,
  };
  const { gates } = record.verdict;
  const known = new Set(GATE_GROUPS.flatMap(({ metrics }) => metrics));
  const groups = GATE_GROUPS.map(({ id, title, metrics }) => ({
    id, title, gates: gates.filter(({ metric }) => metrics.includes(metric)),
  }));
  const others = { id: 'others', title: 'Others', gates: gates.filter(({ metric }) => !known.has(metric)) };
  const suites = [...groups, others].map(({ id, title, gates: own }): Suite =>
    ({ id, title, cases: own.map((gate) => caseOf(gate, sourceUrl)) }));
  return [{ id: 'run', title: 'The run', cases: [run] }, ...suites.filter(({ cases }) => cases.length > 0)];
}

/** Its name holds the gate's id, since two gates may put different limits on the same figure. */
function caseOf(gate: GateResult, sourceUrl: string): Case {
  const figures = gateFigures(gate);
  const name = `${gate.title}${gate.stat === 'rate' ? '' : ` ${gate.stat}`} (${gate.id})`;
  if (gate.status === 'pass') return { name, trouble: null, output: figures };
  const element = gate.status === 'fail' ? 'failure' : gate.status === 'error' ? 'error' : 'skipped';
  const why = gate.hint ?? gate.evidence[0] ?? null;
  const message = gate.status === 'fail' ? figures : `${gate.status}: ${why ?? figures}`;
  const runbook = `runbook: ${sourceUrl}${runbookOf(gate.metric)}`;
  const lines = [figures, ...(gate.hint === null ? [] : [gate.hint]), ...gate.evidence, runbook];
  return { name, trouble: { element, type: gate.metric, message, text: lines.map(harmless).join('\n') }, output: null };
}

function countsOf(cases: readonly Case[]): Record<string, number> {
  const having = (element: string): number => cases.filter(({ trouble }) => trouble?.element === element).length;
  return { tests: cases.length, failures: having('failure'), errors: having('error'), skipped: having('skipped') };
}

/** junit.xml: the verdict for CI services. */
export const junitReporter: Reporter = {
  name: 'junit.xml',
  write: async (record, context) => {
    await writeWhole(join(context.runDir, 'junit.xml'), await junitXml(record, context.runPath, context.sourceUrl));
  },
};
