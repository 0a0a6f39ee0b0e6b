import assert from 'node:assert/strict';
import test from 'node:test';
import type { Scalar } from '../analyze/scalar.ts';
import { Gate } from '../model/index.ts';
import type { Finding, GateStatus } from '../model/index.ts';
import { judgeScalar } from './judge-scalar.ts';

const MAX = Gate.parse({ id: 'g', source: 'test', metric: 'recovery_time', unit: 's', max: 120 });
const MIN = Gate.parse({ id: 'g', source: 'test', metric: 'capacity_headroom', unit: 'x', min: 3 });
const DRIFT = Gate.parse({ id: 'g', source: 'test', metric: 'latency_drift', stat: 'p95', unit: '%', max: 1 });

function scalar(value: number | null, interval: Finding['interval'], more: Partial<Scalar> = {}): Scalar {
  const finding: Finding = {
    metric: 'm', scope: {}, stat: 'value', value, interval, unit: 's', n: 50, censored: 0, unmeasured: 0, events: null, window: 'w',
  };
  return { finding, doubt: null, evidence: ['seen'], ...more };
}

test('a figure is judged by its interval, else by itself; a doubt or an unknown end leaves it open', () => {
  const table: [name: string, gate: Gate, scalar: Scalar, status: GateStatus, hint: string | null][] = [
    ['no interval, keeps', MAX, scalar(120, null), 'pass', null],
    ['no interval, breaks', MAX, scalar(121, null), 'fail', null],
    ['no interval, at least', MIN, scalar(3, null), 'pass', null],
    ['no interval, too little', MIN, scalar(2.9, null), 'fail', null],
    ['whole interval below', MAX, scalar(100, { low: 90, high: 120 }), 'pass', null],
    ['whole interval above', MAX, scalar(130, { low: 121, high: 140 }), 'fail', null],
    ['limit inside', MAX, scalar(115, { low: 110, high: 125 }), 'inconclusive', 'the limit lies inside its interval'],
    ['no upper end, low keeps', MAX, scalar(null, { low: 60, high: null }, { hint: 'observe for longer' }), 'inconclusive', 'observe for longer'],
    ['no upper end, low breaks', MAX, scalar(null, { low: 130, high: null }, { hint: 'observe for longer' }), 'fail', null],
    ['at least, without an upper end', MIN, scalar(4, { low: 4, high: null }, { hint: 'load it higher' }), 'pass', null],
    ['at least, not loaded so far', MIN, scalar(2, { low: 2, high: null }, { hint: 'load it higher' }), 'inconclusive', 'load it higher'],
    ['broke at the limit', MIN, scalar(2, { low: 2, high: 3 }), 'fail', null],
    ['a doubt outweighs a pass', MAX, scalar(1, null, { doubt: 'the exporter died' }), 'inconclusive', 'the exporter died'],
    ['a doubt outweighs a failure', MAX, scalar(900, null, { doubt: 'the exporter died' }), 'inconclusive', 'the exporter died'],
    ['nothing at all', MAX, scalar(null, null, { doubt: 'no exporter' }), 'no-data', 'no exporter'],
    ['a trend gets narrower', DRIFT, scalar(0, { low: -2, high: 2 }), 'inconclusive', 'needs about 150 more windows: a longer run'],
    ['a trend at its limit never does', DRIFT, scalar(0.99, { low: -1, high: 3 }), 'inconclusive', 'too near to the limit: a longer run may never settle it'],
  ];
  for (const [name, gate, one, status, hint] of table) {
    const judged = judgeScalar(gate, one);
    assert.deepEqual([judged.status, judged.hint, judged.evidence], [status, hint, ['seen']], name);
  }
});

test('what is known only to lie above something reads so', () => {
  assert.equal(judgeScalar(MAX, scalar(null, { low: 60, high: null })).observedAbove, 60);
  assert.equal(judgeScalar(MIN, scalar(null, { low: 0, high: 1 })).observedAbove, null);
});
