import assert from 'node:assert/strict';
import test from 'node:test';
import { CodedError } from '../errors.ts';
import { readCampaign } from './campaign.ts';
import type { CampaignContext } from './campaign.ts';

const CONTEXT: CampaignContext = {
  gates: [{ id: 'fast' }, { id: 'clean', profiles: ['baseline', 'soak'] }],
  kpis: ['queue-length'],
  profiles: new Map([
    ['baseline', 'baseline'],
    ['soak', 'soak'],
    ['stress', 'stress'],
  ]),
  drills: new Map([['stress', ['payments-down', 'model-down']]]),
};

const campaign = (criteria: string, runs = '[{ profile: baseline }]'): string => `version: 1
title: T
gates:
  - id: gate-1
    title: G
    runs: ${runs}
    criteria:
      ${criteria}
  - id: gate-2
    title: H
    runs: [{ profile: soak }]
    criteria:
      - { id: last, source: s, gates_met: [gate-1] }
`;

function faultsOf(text: string): string[] {
  try {
    readCampaign(text, 'demo.yml', CONTEXT);
  } catch (error) {
    assert.ok(error instanceof CodedError);
    assert.equal(error.code, 'J_CAMPAIGN_INVALID');
    return error.faults.map(
      ({ where, message, hint }) => `${where}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
    );
  }
  return [];
}

test('a campaign is read with what is left out filled in', () => {
  const read = readCampaign(
    campaign('- { id: a, source: s, passed: { baseline: [fast, clean] }, measured: { baseline: [queue-length] } }'),
    'demo.yml',
    CONTEXT,
  );
  assert.deepEqual(read.gates[0]?.runs, [{ profile: 'baseline', least_seconds: 60, resumes: false }]);
  assert.deepEqual(read.gates[0]?.criteria[0]?.passed, { baseline: ['fast', 'clean'] });
});

test('what a campaign names must be there, and come in its order; every fault has its line', () => {
  const cases: [string, string, RegExp][] = [
    [
      'a criterion without evidence',
      '- { id: a, source: s }',
      /demo\.yml:8:9 gates\[0\]\.criteria\[0\]: "a" has no evidence \(give one of passed/,
    ],
    [
      'evidence that is open as well',
      '- { id: a, source: s, passed: { baseline: [fast] }, open: later }',
      /"a" is passed, open at once/,
    ],
    [
      'an unknown gate',
      '- { id: a, source: s, passed: { baseline: [fsat] } }',
      /slo\.yml has no gate "fsat" \(did you mean "fast"\?\)/,
    ],
    [
      'a gate that the profile does not judge',
      '- { id: a, source: s, passed: { stress: [clean] } }',
      /the profile "stress" does not judge the gate "clean" \(slo\.yml judges it in baseline, soak\)/,
    ],
    [
      'an unknown KPI',
      '- { id: a, source: s, measured: { baseline: [queue-lenght] } }',
      /no KPI "queue-lenght" \(did you mean "queue-length"\?\)/,
    ],
    [
      'an unknown run',
      '- { id: a, source: s, passed: { basline: [fast] } }',
      /no run of this campaign is "basline" \(did you mean "baseline"\?\)/,
    ],
    [
      'a run that comes later',
      '- { id: a, source: s, passed: { soak: [fast] } }',
      /the run "soak" comes later than this gate/,
    ],
    [
      'a gate that rests on itself',
      '- { id: a, source: s, gates_met: [gate-1] }',
      /no gate before this one is "gate-1"/,
    ],
    [
      'an id that stands twice',
      '- { id: a, source: s, open: o }\n      - { id: a, source: s, open: o }',
      /"a" stands twice/,
    ],
    [
      'an unknown key',
      '- { id: a, source: s, opne: o }',
      /criteria\[0\]\.opne: is not a key here \(did you mean "open"\?\)/,
    ],
    ['no words', '- { id: a, source: "", open: o }', /source: must not be empty/],
    [
      'a file outside of the repository',
      '- { id: a, source: s, files: [../secret] }',
      /must be a path below the repository's root/,
    ],
    ['an absolute file', '- { id: a, source: s, files: [/etc/passwd] }', /must be a path below the repository's root/],
  ];
  for (const [name, criteria, expected] of cases) {
    const runs = criteria.includes('stress') ? '[{ profile: baseline }, { profile: stress }]' : undefined;
    assert.match(faultsOf(campaign(criteria, runs)).join('\n'), expected, name);
  }
});

test('a profile that is not there is named with the nearest that is', () => {
  const [fault] = faultsOf(campaign('- { id: a, source: s, open: o }', '[{ profile: basleine }]'));
  assert.match(fault ?? '', /there is no artillery\/profiles\/basleine\.yml \(did you mean "baseline"\?\)/);
});

test('drills that a compressed campaign holds must be those of the profile', () => {
  const runs = (drill: string): string => `[{ profile: baseline }, { profile: stress, compressed_drills: [${drill}] }]`;
  assert.deepEqual(faultsOf(campaign('- { id: a, source: s, open: o }', runs('model-down'))), []);
  const [fault] = faultsOf(campaign('- { id: a, source: s, open: o }', runs('payment-down')));
  assert.match(fault ?? '', /runs\[1\]\.compressed_drills\[0\]: the profile "stress" has no drill "payment-down" \(did you mean "payments-down"\?\)/);
});

test('all faults are told at once, and text that is no campaign is one', () => {
  assert.equal(
    faultsOf(campaign('- { id: a, source: s, passed: { baseline: [x1, x2] } }\n      - { id: b, source: s }')).length,
    3,
  );
  for (const text of ['', 'gates: 3', '- a', 'version: 2\ntitle: x\ngates: []', '\0', 'a: &a [*a]']) {
    assert.ok(faultsOf(text).length > 0, JSON.stringify(text));
  }
});

test('gates for whole runs only must be there too', () => {
  const text = campaign('- { id: a, source: s, open: o }').replace('gates:', 'only_whole: { fsat: too short }\ngates:');
  assert.match(
    faultsOf(text)[0] ?? '',
    /demo\.yml:3:15 only_whole\.fsat: slo\.yml has no gate "fsat" \(did you mean "fast"\?\)/,
  );
});
