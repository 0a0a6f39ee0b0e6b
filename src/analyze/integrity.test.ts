import assert from 'node:assert/strict';
import test from 'node:test';
import { FEE, NET, TOTAL, bookedOf, chargedOf, intendedOf, readOf, shownOf } from '../golden/money.ts';
import { planOf, runOf } from '../golden/samples.ts';
import { BREACHES, type BreachKind, type IntegrityReport, type Observation, type Plan } from '../model/index.ts';
import { createIntegrity, type IntegrityAnalysis } from './integrity.ts';
import { feeOf } from './integrity-rules.ts';

const AUDIT = { platform: 'http://p/ledger', provider: 'http://q', settleMs: 30_000, feeBasisPoints: 300 };
const BOTH = [readOf('platform'), readOf('provider')];

function analyze(observations: readonly Observation[], changes: Partial<Plan> = {}): IntegrityAnalysis {
  const integrity = createIntegrity(planOf({ audit: AUDIT, ...changes }));
  for (const one of observations) integrity.add(one);
  return integrity.finish();
}

function reportOn(observations: readonly Observation[], changes: Partial<Plan> = {}): IntegrityReport {
  const { report } = analyze(observations, changes);
  assert.ok(report);
  return report;
}

function kindsOf(observations: readonly Observation[]): BreachKind[] {
  return reportOn(observations).breaches.map(({ kind }) => kind);
}

const paid = [intendedOf('a'), shownOf('a', 'receipt')];
const split = [{ operation: 'release', account: 'escrow', amountMinor: -TOTAL }, { operation: 'release', account: 'creator', amountMinor: NET }];

const WRONG: [name: string, observations: Observation[], kinds: BreachKind[]][] = [
  ['two live charges for one intent', [...paid, bookedOf('a'), chargedOf('a'), chargedOf('a', { id: 'pi_2' })], ['duplicate_charge']],
  ['two paid intents for one project', [
    bookedOf('a'), chargedOf('a'), bookedOf('b', { subject: 'project-a' }), chargedOf('b', { subject: 'project-a' }),
  ], ['duplicate_charge']],
  ['it failed on the platform, and the provider holds it', [intendedOf('a'), shownOf('a', 'declined'), bookedOf('a', { state: 'failed' }), chargedOf('a')], ['charge_on_failure']],
  ['the user was told it failed, and both books have it', [intendedOf('a'), shownOf('a', 'error'), bookedOf('a'), chargedOf('a')], ['charge_on_failure']],
  ['one charge that the platform books twice', [...paid, bookedOf('a'), bookedOf('a', { id: 'a #2' }), chargedOf('a')], ['duplicate_charge']],
  ['charged on failure, then paid once more', [
    bookedOf('a', { state: 'failed' }), chargedOf('a'), bookedOf('b', { subject: 'project-a' }), chargedOf('b', { subject: 'project-a' }),
  ], ['charge_on_failure']],
  ['the platform does not know it', [...paid, chargedOf('a')], ['lost_payment']],
  ['a charge of this run without an intent', [chargedOf('a', { intentId: null })], ['lost_payment']],
  ['the provider has a cent more', [...paid, bookedOf('a'), chargedOf('a', { amountMinor: TOTAL + 1 })], ['amount_mismatch']],
  ['the page asked for less', [intendedOf('a', { amountMinor: TOTAL - 1 }), bookedOf('a'), chargedOf('a')], ['amount_mismatch']],
  ['the receipt says less', [intendedOf('a'), shownOf('a', 'receipt', { amountMinor: 1 }), bookedOf('a'), chargedOf('a')], ['amount_mismatch']],
  ['less was captured than was held', [bookedOf('a', { state: 'released' }), chargedOf('a', { state: 'released', amountMinor: NET })], ['amount_mismatch']],
  ['in another currency, where an amount says nothing', [...paid, bookedOf('a'), chargedOf('a', { currency: 'eur', amountMinor: 1 })], ['currency_mismatch']],
  ['a fee that is a cent too high', [...paid, bookedOf('a', { netMinor: NET - 1, feeMinor: FEE + 1 }), chargedOf('a')], ['wrong_fee']],
  ['a fee on top, and the total with it', [
    ...paid, bookedOf('a', { feeMinor: FEE + 1, amountMinor: TOTAL + 1 }), chargedOf('a', { amountMinor: TOTAL + 1 }),
  ], ['wrong_fee']],
  ['parts that are not the whole', [...paid, bookedOf('a', { amountMinor: TOTAL, netMinor: NET - 100, feeMinor: FEE - 3 }), chargedOf('a')], ['wrong_fee']],
  ['bookings that do not sum to zero', [bookedOf('a', { state: 'released', bookings: split }), chargedOf('a', { state: 'released' })], ['wrong_fee']],
  ['a release that is split wrongly', [
    bookedOf('a', { state: 'released', bookings: [split[0]!, { ...split[1]!, amountMinor: NET - 5 }, { operation: 'release', account: 'fee', amountMinor: FEE + 5 }] }),
    chargedOf('a', { state: 'released' }),
  ], ['wrong_fee']],
  ['pending for too long', [bookedOf('a', { state: 'pending', bookings: [] }), chargedOf('a')], ['unsettled_escrow']],
  ['pending, and the user told that it failed', [shownOf('a', 'error'), bookedOf('a', { state: 'pending' }), chargedOf('a')], ['charge_on_failure']],
  ['paid out, and never captured', [bookedOf('a', { state: 'released' }), chargedOf('a')], ['unsettled_escrow']],
  ['captured, and held as before', [bookedOf('a'), chargedOf('a', { state: 'released' })], ['unsettled_escrow']],
  ['held, and given back by the provider', [bookedOf('a'), chargedOf('a', { state: 'canceled' })], ['unsettled_escrow']],
  ['a key with another body, known to both', [...paid, bookedOf('a', { keyConflicts: 1 }), chargedOf('a', { keyConflicts: 1 })], ['key_reuse']],
  ['a key with another body, and never a payment', [chargedOf('a', { state: 'failed', amountMinor: 0, currency: 'none', keyConflicts: 2 })], ['key_reuse']],
  ['a refund that does not end', [bookedOf('a', { state: 'refunding' }), chargedOf('a')], ['stuck_refund']],
  ['refunded here, and not there', [bookedOf('a', { state: 'refunded', refundedMinor: TOTAL }), chargedOf('a', { state: 'released' })], ['stuck_refund']],
  ['refunded here, and there in part', [
    bookedOf('a', { state: 'refunded', refundedMinor: TOTAL }), chargedOf('a', { state: 'released', refundedMinor: 5 }),
  ], ['stuck_refund']],
  ['a receipt for what failed', [...paid, bookedOf('a', { state: 'failed' }), chargedOf('a', { state: 'failed' })], ['false_receipt']],
  ['a receipt that no book knows', paid, ['false_receipt']],
  ['a receipt for what failed, and another tab that said so afterwards', [
    ...paid, shownOf('a', 'error', { tMs: 4_000 }), bookedOf('a', { state: 'failed' }), chargedOf('a', { state: 'failed' }),
  ], ['false_receipt']],
  ['a receipt that no book knows, and words that say neither afterwards', [...paid, shownOf('a', 'unclear', { tMs: 4_000 })], ['false_receipt']],
  ['a receipt that says less, and another tab that is still confirming', [
    intendedOf('a'), shownOf('a', 'receipt', { amountMinor: 1 }), shownOf('a', 'confirming', { tMs: 4_000 }), bookedOf('a'), chargedOf('a'),
  ], ['amount_mismatch']],
  ['a receipt in another currency, and words that say neither afterwards', [
    intendedOf('a'), shownOf('a', 'receipt', { currency: 'eur' }), shownOf('a', 'unclear', { tMs: 4_000 }), bookedOf('a'), chargedOf('a'),
  ], ['currency_mismatch']],
  ['a receipt, and then told that it failed, while both books have it', [...paid, shownOf('a', 'error', { tMs: 4_000 }), bookedOf('a'), chargedOf('a')], ['charge_on_failure']],
  ['held on the platform, never at the provider', [bookedOf('a'), chargedOf('a', { state: 'failed' })], ['false_receipt']],
  ['two faults that have nothing to do with each other', [
    ...paid, bookedOf('a', { keyConflicts: 1 }), chargedOf('a', { amountMinor: TOTAL + 1 }),
  ], ['amount_mismatch', 'key_reuse']],
];

for (const [name, observations, kinds] of WRONG) {
  test(`a breach: ${name}`, () => assert.deepEqual(kindsOf([...observations, ...BOTH]), kinds));
}

const SOUND: [name: string, observations: Observation[]][] = [
  ['paid, receipt shown', [...paid, bookedOf('a'), chargedOf('a')]],
  ['paid by API, without a browser', [bookedOf('a', { state: 'released' }), chargedOf('a', { state: 'released' })]],
  ['left before anything reached the server', [intendedOf('a')]],
  ['left before the answer came', [intendedOf('a'), bookedOf('a'), chargedOf('a')]],
  ['told that it is being confirmed, then settled', [intendedOf('a'), shownOf('a', 'confirming'), bookedOf('a'), chargedOf('a')]],
  ['an answer that was lost, then a retry', [
    intendedOf('a'), shownOf('a', 'unclear'), intendedOf('a', { tMs: 3_000 }), shownOf('a', 'receipt', { tMs: 4_000 }), bookedOf('a'), chargedOf('a'),
  ]],
  ['told first that it failed, then that it was paid', [shownOf('a', 'error'), shownOf('a', 'receipt', { tMs: 4_000 }), bookedOf('a'), chargedOf('a')]],
  ['declined, then paid with another card', [
    intendedOf('a'), shownOf('a', 'declined'), bookedOf('a', { state: 'failed' }), chargedOf('a', { state: 'failed' }),
    bookedOf('b', { subject: 'project-a' }), chargedOf('b', { subject: 'project-a' }),
  ]],
  ['refunded, then paid again', [
    bookedOf('a', { state: 'refunded', refundedMinor: TOTAL }), chargedOf('a', { state: 'refunded', refundedMinor: TOTAL }),
    bookedOf('b', { subject: 'project-a' }), chargedOf('b', { subject: 'project-a' }),
  ]],
  ['a hold that was let go', [...paid, bookedOf('a', { state: 'refunded', refundedMinor: TOTAL }), chargedOf('a', { state: 'canceled' })]],
  ['a hold let go because nobody booked it', [intendedOf('a'), shownOf('a', 'error'), chargedOf('a', { state: 'canceled' })]],
  ['refunded, and on its way at the provider', [bookedOf('a', { state: 'refunded', refundedMinor: TOTAL }), chargedOf('a', { state: 'refunding' })]],
  ['a part of it refunded in both books', [
    bookedOf('a', { state: 'refunded', refundedMinor: 500 }), chargedOf('a', { state: 'released', refundedMinor: 500 }),
  ]],
  ['a provider that takes the money at once', [bookedOf('a'), chargedOf('a', { state: 'released', autoCaptured: true })]],
  ['a payment form that was opened and left', [chargedOf('a', { state: 'pending' })]],
  ['currencies in other letters', [intendedOf('a', { currency: 'USD' }), bookedOf('a', { currency: 'Usd' }), chargedOf('a')]],
  ['a page that shows no amount', [intendedOf('a', { amountMinor: null, currency: null }), bookedOf('a'), chargedOf('a')]],
];

for (const [name, observations] of SOUND) {
  test(`no breach: ${name}`, () => {
    const report = reportOn([...observations, ...BOTH]);
    assert.deepEqual(report.breaches, []);
    assert.equal(report.underWay, 0);
  });
}

test('the fee is rounded half up in whole minor units', () => {
  assert.deepEqual([0, 16, 17, 50, 100, 1_050, 5_000_000].map((net) => feeOf(net, 300)), [0, 0, 1, 2, 3, 32, 150_000]);
});

const gates = BREACHES.map((breach) => ({ id: breach.replaceAll('_', '-'), source: 's', metric: 'integrity' as const, breach, unit: 'breaches' as const, max: 0 as const }));

function doubtsOf(observations: readonly Observation[], changes: Partial<Plan> = {}): (string | null)[] {
  return [...new Set(analyze(observations, { gates, ...changes }).scalars.filter(({ finding }) => (finding.value ?? 0) === 0).map(({ doubt }) => doubt))];
}

test('zero is said with n, the bound that goes with it, and only of books that are complete', () => {
  const sound = Array.from({ length: 23 }, (_, index) => [bookedOf(`i${index}`), chargedOf(`i${index}`)]).flat();
  const { report, scalars } = analyze([...sound, ...BOTH]);
  assert.equal(report?.payments, 23);
  assert.ok(Math.abs((report?.ruledOutPercent ?? 0) - 12.21) < 0.01, String(report?.ruledOutPercent));
  assert.deepEqual(scalars.map(({ finding, doubt }) => [finding.value, finding.n, doubt]), BREACHES.map(() => [0, 23, null]));
});

test('a book that could not be read leaves its gates open with the reason, and never says zero', () => {
  const failed = readOf('provider', 0, { state: 'failed', detail: 'ECONNREFUSED' });
  const { scalars } = analyze([bookedOf('a'), readOf('platform', 1), failed], { gates });
  assert.ok(scalars.every(({ finding, doubt }) => finding.value === null && doubt === "the provider's book: ECONNREFUSED"));
  assert.deepEqual(doubtsOf([bookedOf('a'), chargedOf('a')]), ["the platform's book: never read; the provider's book: never read"]);
  assert.deepEqual(doubtsOf([...BOTH]), ['no payment was seen']);
  assert.deepEqual(doubtsOf([bookedOf('a'), chargedOf('a'), readOf('platform', 1), readOf('provider', 2)]), ["the provider's book: 1 of its 2 entries are not on file"]);
  assert.deepEqual(doubtsOf([bookedOf('a'), chargedOf('a'), ...BOTH], { audit: undefined as never }), ['payments are not audited in this run']);
});

test('what is missing in a book that is not whole is no breach; what is there twice is one', () => {
  const failed = readOf('platform', 0, { state: 'failed' });
  assert.deepEqual(kindsOf([...paid, chargedOf('a'), failed, readOf('provider', 1)]), []);
  assert.deepEqual(kindsOf([chargedOf('a'), chargedOf('a', { id: 'pi_2' }), failed, readOf('provider', 2)]), ['duplicate_charge']);
  const duplicate = analyze([chargedOf('a'), chargedOf('a', { id: 'pi_2' }), failed, readOf('provider', 2)]).scalars[0];
  assert.deepEqual([duplicate?.finding.value, duplicate?.doubt], [1, null]);
});

test('a payment that is too young to be stuck leaves every zero open', () => {
  const young = [bookedOf('a', { state: 'pending', ageMs: 2_000 }), bookedOf('b', { state: 'refunding', ageMs: 2_000 }), chargedOf('b')];
  assert.deepEqual(kindsOf([...young, ...BOTH]), []);
  assert.deepEqual(doubtsOf([...young, ...BOTH]), ['2 of the payments were still under way when the books were read']);
});

test('an open payment whose age nobody tells is no breach, and leaves every zero open', () => {
  const ageless = [bookedOf('a', { state: 'pending', ageMs: null }), bookedOf('b', { state: 'refunding', ageMs: null }), chargedOf('b')];
  const settled = [bookedOf('c', { ageMs: null }), chargedOf('c')];
  assert.deepEqual(kindsOf([...ageless, ...settled, ...BOTH]), []);
  assert.deepEqual(doubtsOf([...ageless, ...settled, ...BOTH]), ['2 of the payments were still under way when the books were read']);
});

test('a payment that moved between the readings of the two books is no breach, and leaves every zero open', () => {
  const moved = [
    bookedOf('a', { state: 'released', ageMs: 100 }), chargedOf('a', { tMs: 8_500 }),
    bookedOf('b', { ageMs: 100 }), bookedOf('c', { ageMs: 501 }), chargedOf('c', { tMs: 8_500 }),
  ];
  assert.deepEqual(kindsOf([...moved, ...BOTH]), []);
  assert.deepEqual(doubtsOf([...moved, ...BOTH]), ['2 of the payments were still under way when the books were read']);
});

test('books that tell no fee, or nothing of keys, cannot show that these are right', () => {
  const plain = [bookedOf('a', { netMinor: null, feeMinor: null, keyConflicts: null }), chargedOf('a', { keyConflicts: null })];
  assert.deepEqual(doubtsOf([...plain, ...BOTH]), [null, "the platform's book tells no fee", 'neither book tells of keys that came with another body']);
});

test('a book that was read again counts as it was read last', () => {
  const first = [bookedOf('a', { state: 'pending', tMs: 8_000 }), readOf('platform', 1, { tMs: 8_100, state: 'failed' })];
  const then = [bookedOf('a'), chargedOf('a'), ...BOTH];
  for (const observations of [[...first, ...then], [...then, ...first]]) {
    assert.deepEqual(kindsOf(observations), []);
    assert.deepEqual(doubtsOf(observations), [null]);
  }
});

test('the books of the bundled platform go with the part of a run that was killed: its payments cannot be judged', () => {
  const observations = [...paid, runOf('resumed', 5_000), bookedOf('b'), chargedOf('b'), ...BOTH];
  assert.deepEqual(kindsOf(observations), []);
  assert.match(doubtsOf(observations)[0] ?? '', /of a part of the run that was cut short it was never read/);
  const before = [bookedOf('a', { tMs: 4_000 }), chargedOf('a', { tMs: 4_000 }), readOf('platform', 1, { tMs: 4_500 }), readOf('provider', 1, { tMs: 4_500 })];
  assert.deepEqual(doubtsOf([...observations, ...before]), [null]);
  // A platform of its own keeps its books whatever becomes of the harness.
  const target = { url: 'https://staging.example.com', embedded: false };
  assert.deepEqual(kindsOf(observations.filter((one) => one.kind !== 'run')), ['false_receipt']);
  assert.deepEqual(reportOn(observations, { target }).breaches.map(({ kind }) => kind), ['false_receipt']);
});

test('a breach says what each source says, and in which phase its user came', () => {
  const [breach] = reportOn([...paid, bookedOf('a', { state: 'failed' }), chargedOf('a'), ...BOTH]).breaches;
  assert.deepEqual(breach, {
    kind: 'charge_on_failure', intentId: 'a', subject: 'project-a', phase: 'steady',
    detail: `it failed, the provider has the money all the same (browser receipt; platform failed usd ${TOTAL}; provider held usd ${TOTAL} pi_a)`,
  });
});

test('a run that knows nothing of payments has no report', () => {
  assert.deepEqual(analyze([runOf('started', 0)], { audit: undefined as never }), { report: null, scalars: [] });
});
