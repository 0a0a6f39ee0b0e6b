import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DrillFacts } from '../analyze/drills.ts';
import type { DrillGate, GateResult, GateStatus, IntegrityReport, Plan } from '../model/index.ts';
import { drillReports } from './judge-drill.ts';

const FACTS: DrillFacts = {
  name: 'down', title: 'Down', hypothesis: 'It holds.', phase: 'down', notJudged: null, opensAfterS: 1, closesAfterS: 2, recoversAfterS: 3, journeys: [], timeline: [],
};
const GATE: DrillGate = { id: 'down-recovers', source: 'test', metric: 'drill', drill: 'down', expect: 'recovers', unit: 's', max: 10 };
const PLAN = { gates: [GATE, { ...GATE, id: 'other-recovers', drill: 'other' }] } as unknown as Plan;

function result(status: GateStatus, id = 'down-recovers'): GateResult {
  return {
    id, title: 'down › P95 back after', metric: 'drill', stat: 'rate', status, observed: 3, observedAbove: null, interval: null,
    limit: { kind: 'max', value: 10 }, unit: 's', n: 1, evidence: [], hint: null,
  };
}

function integrity(phases: (string | null)[], platform: 'complete' | 'failed' = 'complete'): IntegrityReport {
  return {
    books: { platform, provider: 'complete' },
    breaches: phases.map((phase) => ({ kind: 'lost_payment', intentId: null, subject: null, phase, detail: '' })),
  } as unknown as IntegrityReport;
}

const CASES: [what: string, facts: Partial<DrillFacts>, results: GateResult[], books: IntegrityReport | null, verdict: string, reason: RegExp, breaches: number | null][] = [
  ['all expectations met', {}, [result('pass')], null, 'pass', /^1 expectation met$/, null],
  ['one not met', {}, [result('fail')], integrity([]), 'fail', /not as expected: P95 back after/, 0],
  ['one not settled', {}, [result('inconclusive')], null, 'inconclusive', /not settled: P95 back after/, null],
  ['without data', {}, [result('no-data')], null, 'inconclusive', /not settled/, null],
  ['steady state not held, whatever its gates say', { notJudged: 'the steady state did not hold' }, [result('pass')], null, 'not judged', /steady state/, null],
  ['a breach in its phase', {}, [result('pass')], integrity(['down', 'up']), 'fail', /1 integrity breach among its payments/, 1],
  ['a breach in another phase', {}, [result('pass')], integrity(['up']), 'pass', /met/, 0],
  ['a breach that may be its own', {}, [result('pass')], integrity([null, 'up']), 'pass', /^1 expectation met; 1 integrity breach may be of its payments/, null],
  ['a breach of its own beside one that may be', {}, [result('pass')], integrity([null, 'down']), 'fail', /^1 integrity breach among its payments$/, 1],
  ['a book that could not be read', {}, [result('pass')], integrity([], 'failed'), 'pass', /met/, null],
  ['only another drill\'s gates', {}, [result('pass', 'other-recovers')], null, 'not judged', /none of its expectations/, null],
];

for (const [what, facts, results, books, verdict, reason, breaches] of CASES) {
  test(`a drill is judged: ${what}`, () => {
    const [report] = drillReports(PLAN, { drills: [{ ...FACTS, ...facts }], integrity: books }, results);
    assert.equal(report?.verdict, verdict);
    assert.match(report?.reason ?? '', reason);
    assert.equal(report?.integrityBreaches, breaches);
    assert.ok(!('phase' in (report ?? {})) && !('notJudged' in (report ?? {})));
  });
}
