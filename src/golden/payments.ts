import type { AuditObservation, JourneyObservation, LedgerObservation, PaymentObservation } from '../model/index.ts';

const outside = { v: 1, phase: null, vu: null, journey: null } as const;
/** Of the sound ones: the user of this number was charged a cent more than the page said. */
const WRONG = 3;

export interface GoldenPayments {
  browser: PaymentObservation[];
  books: (LedgerObservation | AuditObservation)[];
}

/** Returns the payments of users of the checkout: one charged too much, one declined, one who left before anything was sent. */
export function goldenPayments(runId: string, users: readonly JourneyObservation[], lengthMs: number): GoldenPayments {
  const payments: GoldenPayments = { browser: [], books: [] };
  let entries = 0;
  for (const [index, user] of users.entries()) {
    const [intentId, subject] = [`intent-${user.vu}`, `project-${user.vu}`];
    const netMinor = 20_000 + 1_050 * index;
    const feeMinor = Math.floor((netMinor * 300 + 5_000) / 10_000);
    const amountMinor = netMinor + feeMinor;
    const { v, phase, vu, journey, role } = user;
    const base = { v, runId, phase, vu, journey, role, kind: 'payment', intentId, subject, currency: 'usd' } as const;
    payments.browser.push({ ...base, tMs: user.tMs - 300, event: 'intended', shown: null, amountMinor });
    if (user.outcome !== 'passed') continue;
    const declined = index === 5;
    payments.browser.push({ ...base, subject: null, tMs: user.tMs - 20, event: 'shown', shown: declined ? 'declined' : 'receipt', amountMinor: declined ? null : amountMinor });
    entries += 1;
    const line = {
      ...outside, runId, kind: 'ledger', tMs: lengthMs + 2_100 + entries, intentId, subject, state: declined ? 'failed' : 'held', refundedMinor: 0, currency: 'usd', ageMs: 5_000,
    } as const;
    const bookings = declined ? [] : [
      { operation: 'lock', account: `buyer:${vu}`, amountMinor: -amountMinor }, { operation: 'lock', account: 'escrow', amountMinor },
    ];
    payments.books.push(
      { ...line, source: 'platform', id: intentId, amountMinor, netMinor, feeMinor, bookings, keyConflicts: 0 },
      { ...line, source: 'provider', id: `pi_${vu}`, amountMinor: amountMinor + (index === WRONG ? 1 : 0), netMinor: null, feeMinor: null, bookings: [], keyConflicts: 0, ageMs: null },
    );
  }
  for (const source of ['platform', 'provider'] as const) {
    payments.books.push({ ...outside, runId, kind: 'audit', tMs: lengthMs + 2_200, source, state: 'complete', entries });
  }
  return payments;
}
