import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { bookedOf, chargedOf, intendedOf, readOf, shownOf } from '../golden/money.ts';
import { planOf } from '../golden/samples.ts';
import { BREACHES, type BreachKind, type LedgerObservation, type LedgerState, type Observation } from '../model/index.ts';
import { createIntegrity, type IntegrityAnalysis } from './integrity.ts';

const SETTLE_MS = 10_000;
const PLAN = planOf({ audit: { platform: 'http://p', provider: 'http://q', settleMs: SETTLE_MS, feeBasisPoints: 300 } });

function analyze(observations: readonly Observation[]): IntegrityAnalysis {
  const integrity = createIntegrity(PLAN);
  for (const one of observations) integrity.add(one);
  return integrity.finish();
}

/** Money as a person does it on paper: no code of the analysis is used. */
interface Account {
  id: string;
  subject: string;
  net: number;
  fee: number;
  browser: boolean;
  story: (typeof STORIES)[number];
  planted: BreachKind | null;
}

const STORIES = ['left', 'declined', 'held', 'released', 'refunded', 'let go', 'lost answer', 'confirming', 'declined, then paid', 'refunded, then paid'] as const;
/** Only what was paid can be paid wrongly. */
const PAID: ReadonlySet<string> = new Set(['held', 'released', 'lost answer', 'confirming']);

const account = fc.record({
  net: fc.integer({ min: 50, max: 5_000_000 }),
  browser: fc.boolean(),
  story: fc.constantFrom(...STORIES),
  planted: fc.option(fc.constantFrom(...BREACHES), { freq: 2 }),
}).map(({ planted, ...rest }): Omit<Account, 'id' | 'subject'> => {
  // In tenths of a per mille by hand: 3 of 100, a half and more is rounded up.
  const [whole, rest100] = [Math.trunc((rest.net * 3) / 100), (rest.net * 3) % 100];
  return { ...rest, fee: whole + (rest100 >= 50 ? 1 : 0), planted: PAID.has(rest.story) ? planted : null };
});

/** What the three sources say of one account, with its fault if one is planted. */
function sources({ id, subject, net, fee, browser, story, planted }: Account): Observation[] {
  const total = net + fee;
  const money = { amountMinor: total, subject };
  const booked = (intent: string, state: LedgerState, changes: Partial<LedgerObservation> = {}): LedgerObservation =>
    bookedOf(intent, { ...money, netMinor: net, feeMinor: fee, state, ...changes });
  const charged = (intent: string, state: LedgerState, changes: Partial<LedgerObservation> = {}): LedgerObservation =>
    chargedOf(intent, { ...money, state, ...changes });
  const intended = intendedOf(id, money);
  const saw = (observations: Observation[]): Observation[] => (browser ? observations : []);
  const refund = { refundedMinor: total };
  switch (story) {
    case 'left':
      return saw([intended]);
    case 'declined':
      return [...saw([intended, shownOf(id, 'declined')]), booked(id, 'failed'), charged(id, 'failed')];
    case 'refunded':
      return [booked(id, 'refunded', refund), charged(id, 'refunded', refund)];
    case 'let go':
      return [...saw([intended, shownOf(id, 'receipt', { amountMinor: total })]), booked(id, 'refunded', refund), charged(id, 'canceled')];
    case 'declined, then paid':
      return [...saw([intended, shownOf(id, 'declined')]), booked(id, 'failed'), charged(id, 'failed'), booked(`${id}-2`, 'held'), charged(`${id}-2`, 'held')];
    case 'refunded, then paid':
      return [booked(id, 'refunded', refund), charged(id, 'refunded', refund), booked(`${id}-2`, 'released'), charged(`${id}-2`, 'released')];
    default:
  }
  const state = story === 'released' ? 'released' : 'held';
  const receipt = shownOf(id, 'receipt', { amountMinor: total, tMs: 3_000 });
  const told = story === 'confirming' ? [intended, shownOf(id, 'confirming')] : story === 'lost answer' ? [intended, shownOf(id, 'unclear'), intended, receipt] : [intended, receipt];
  const [right, charge, seen] = [booked(id, state), charged(id, state), saw(told)];
  switch (planted) {
    case 'duplicate_charge':
      return [...seen, right, charge, charged(id, 'held', { id: `pi_${id}_again` })];
    case 'charge_on_failure':
      return [...saw([intended, shownOf(id, 'declined', { tMs: 3_000 })]), booked(id, 'failed'), charge];
    case 'lost_payment':
      return [...seen, charge];
    case 'amount_mismatch':
      return [...seen, right, charged(id, state, { amountMinor: total + 1 })];
    case 'currency_mismatch':
      return [...seen, right, charged(id, state, { currency: 'eur' })];
    case 'wrong_fee':
      return [...seen, booked(id, state, { netMinor: net - 1, feeMinor: fee + 1 }), charge];
    case 'unsettled_escrow':
      return [...saw([intended]), booked(id, 'pending', { ageMs: SETTLE_MS }), charged(id, 'held')];
    case 'key_reuse':
      return [...seen, booked(id, state, { keyConflicts: 1 }), charge];
    case 'stuck_refund':
      return [...seen, booked(id, 'refunding', { ageMs: SETTLE_MS }), charge];
    case 'false_receipt':
      // Of some of them another tab says afterwards what was true all along: the receipt was false all the same.
      return [...saw([intended, shownOf(id, 'declined', { tMs: 4_000 })]), receipt, booked(id, 'failed'), charged(id, 'failed')];
    case null:
      return [...seen, right, charge];
  }
}

const history = fc.array(account, { minLength: 1, maxLength: 40 })
  .map((accounts) => accounts.map((one, index): Account => ({ ...one, id: `i${index}`, subject: `p${index}` })));
const ledger = [readOf('platform'), readOf('provider')];

test('of any history exactly the planted breaches are found, each once, in any order of the observations', () => {
  fc.assert(fc.property(history, fc.array(fc.nat(), { minLength: 500, maxLength: 500 }), (accounts, keys) => {
    const observations = [...accounts.flatMap(sources), ...ledger];
    const { report, scalars } = analyze(observations);
    const found = report?.breaches.map(({ kind, intentId }) => `${kind} ${intentId}`).sort();
    assert.deepEqual(found, accounts.flatMap(({ planted, id }) => (planted === null ? [] : [`${planted} ${id}`])).sort());
    const shuffled = observations.map((one, index) => ({ one, key: keys[index] ?? 0 })).sort((a, b) => a.key - b.key).map(({ one }) => one);
    assert.deepEqual(analyze(shuffled), { report, scalars });
  }), { numRuns: 300, seed: 5 });
});

/** Any book whatever, in or out of order. */
const state = fc.constantFrom<LedgerState>('pending', 'held', 'released', 'refunding', 'refunded', 'canceled', 'failed');
const anything = fc.record({
  platform: fc.option(fc.record({ state, ageMs: fc.constantFrom(0, SETTLE_MS, null) })),
  provider: fc.array(state, { maxLength: 3 }),
  /** One after the other. */
  shown: fc.array(fc.constantFrom('receipt', 'confirming', 'declined', 'error', 'unclear'), { maxLength: 3 }),
});
const LIVE: ReadonlySet<LedgerState> = new Set(['held', 'released', 'refunding']);
const MONEY: ReadonlySet<BreachKind> = new Set<BreachKind>([
  'duplicate_charge', 'charge_on_failure', 'lost_payment', 'unsettled_escrow', 'stuck_refund', 'false_receipt',
]);

test('whatever the books say, a payment has one breach of money at most, and none only where they agree on where it is', () => {
  fc.assert(fc.property(anything, ({ platform, provider, shown }) => {
    const { report } = analyze([
      ...(shown.length > 0 ? [intendedOf('a')] : []), ...shown.map((what, index) => shownOf('a', what, { tMs: 2_000 + index })),
      ...(platform ? [bookedOf('a', { ...platform, refundedMinor: platform.state === 'refunded' ? 103_000 : 0 })] : []),
      ...provider.map((one, index) => chargedOf('a', { id: `pi_${index}`, state: one })),
      ...ledger,
    ]);
    const money = report?.breaches.filter(({ kind }) => MONEY.has(kind)) ?? [];
    assert.ok(money.length <= 1, JSON.stringify(money));
    const live = provider.filter((one) => LIVE.has(one));
    assert.equal(live.length > 1, money[0]?.kind === 'duplicate_charge');
    if (money.length > 0 || (report?.underWay ?? 0) > 0) return;
    // Nothing is wrong: where the provider has money the platform has it in the same place, and where not, it claims none.
    const [charge] = live;
    if (charge === undefined) assert.ok(!platform || !LIVE.has(platform.state));
    else if (charge !== 'refunding') assert.equal(platform?.state, charge);
    else assert.ok(['refunded', 'canceled', 'refunding'].includes(platform?.state ?? ''));
    const last = shown.at(-1);
    if (charge !== undefined && platform && LIVE.has(platform.state)) assert.ok(last !== 'declined' && last !== 'error');
    if (shown.includes('receipt') && charge === undefined) assert.ok(platform?.state === 'refunded' || platform?.state === 'canceled');
  }), { numRuns: 2_000, seed: 7 });
});

test('ten thousand payments are held against each other in little memory', () => {
  const integrity = createIntegrity(PLAN);
  const count = 10_000;
  for (let index = 0; index < count; index += 1) {
    const id = `i${index}`;
    for (const one of [intendedOf(id), shownOf(id, 'receipt'), bookedOf(id), chargedOf(id)]) integrity.add(one);
  }
  for (const one of [readOf('platform', count), readOf('provider', count)]) integrity.add(one);
  const { report, scalars } = integrity.finish();
  assert.deepEqual([report?.payments, report?.breaches.length], [count, 0]);
  assert.ok(scalars.every(({ doubt }) => doubt === null));
  assert.ok((report?.ruledOutPercent ?? 1) < 0.031, 'three in ten thousand');
});
