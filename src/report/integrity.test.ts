import assert from 'node:assert/strict';
import test from 'node:test';
import { planOf } from '../golden/samples.ts';
import type { GateResult, RunRecord } from '../model/index.ts';
import { gateGroups } from './lines.ts';
import { verdictBlock } from './terminal.ts';

const KINDS = ['duplicate_charge', 'charge_on_failure', 'wrong_fee'] as const;
const GATES = KINDS.map((breach) => ({
  id: breach.replaceAll('_', '-'), source: 's', metric: 'integrity' as const, breach, unit: 'breaches' as const, max: 0 as const,
}));

function resultOf(index: number, changes: Partial<GateResult> = {}): GateResult {
  return {
    id: GATES[index]?.id ?? '', title: `payments › ${KINDS[index]?.replaceAll('_', ' ')}`, metric: 'integrity', stat: 'rate', status: 'pass', observed: 0,
    observedAbove: null, interval: null, limit: { kind: 'max', value: 0 }, unit: 'breaches', n: 23, evidence: [], hint: null, ...changes,
  };
}

function recordOf(gates: GateResult[]): RunRecord {
  return {
    schemaVersion: 1,
    plan: planOf({ gates: GATES, audit: { platform: 'p', provider: 'q', settleMs: 0, feeBasisPoints: 300 } }),
    environment: null,
    totals: {
      journeys: 23, observed: 0, byOutcome: { passed: 23 }, durationMs: 1_000, ended: 'completed', unreadableLines: 0, stopped: null, artilleryDifference: 0, demoted: 0,
    },
    validity: {
      state: 'unknown', summary: 'canary not run', healthyShare: null, latencyHeldBack: false, observer: null, crowd: null, disturbed: [], windows: [],
    },
    arrivals: [], attributions: [], findings: [],
    integrity: { ruledOutPercent: 12.21 } as NonNullable<RunRecord['integrity']>,
    verdict: { decision: 'GO', reason: 'All passed.', gates, exitCode: 0 },
    provenance: { harnessVersion: '0.1.0', observationFiles: [] },
  };
}

function shown(results: GateResult[]): string[] {
  return gateGroups(recordOf(results)).flat()
    .map(({ mark, subject, detail, words, observed, n, notes }) => [mark, subject, detail, words ?? observed, n, ...notes].filter(Boolean).join(' '));
}

test('payments are one line while they are clean, with what so many of them rule out, rounded up', () => {
  const results = KINDS.map((_, index) => resultOf(index));
  assert.deepEqual(shown(results), ['✓ payments 0 duplicates, 0 charged on failure n 23 (rules out > 13 %)']);
  const block = verdictBlock(recordOf(results), { runPath: 'reports/r', width: 100, color: false });
  assert.match(block, /✓ payments {2,}0 duplicates, 0 charged on failure {2,}n 23 \(rules out > 13 %\)$/m);
});

test('each kind of breach that was found has a line with its first ones, the others one together', () => {
  const found = resultOf(0, { status: 'fail', observed: 2, evidence: ['a: twice'] });
  assert.deepEqual(shown([found, resultOf(1), resultOf(2)]), [
    '✗ payments › duplicate charge 2 breaches n 23 a: twice', '✓ payments 0 of 2 other kinds of breach n 23 (rules out > 13 %)',
  ]);
});

test('books that could not be read are told once, and never as zero', () => {
  const open = { status: 'no-data', observed: null, hint: 'the books: never read' } as const;
  assert.deepEqual(shown(KINDS.map((_, index) => resultOf(index, open))), ['? payments 3 kinds of breach: – n 23 the books: never read']);
});
