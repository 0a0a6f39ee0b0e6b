/** Builders of payments and their books for tests: each gives something valid and in order, and takes what a test is about. */
import type { AuditObservation, LedgerObservation, PaymentObservation, PaymentShown } from '../model/index.ts';

const user = { v: 1, runId: 'r', phase: 'steady', vu: 'vu-1', journey: 'escrow checkout', role: 'observer' } as const;
const outside = { v: 1, runId: 'r', phase: null, vu: null, journey: null } as const;

export const NET = 100_000;
export const FEE = 3_000;
export const TOTAL = NET + FEE;

export function intendedOf(intentId: string, changes: Partial<PaymentObservation> = {}): PaymentObservation {
  return {
    ...user, kind: 'payment', tMs: 1_000, intentId, event: 'intended', shown: null, amountMinor: TOTAL, currency: 'usd', subject: `project-${intentId}`, ...changes,
  };
}

export function shownOf(intentId: string, shown: PaymentShown, changes: Partial<PaymentObservation> = {}): PaymentObservation {
  const amountMinor = shown === 'receipt' ? TOTAL : null;
  return { ...user, kind: 'payment', tMs: 2_000, intentId, event: 'shown', shown, amountMinor, currency: null, subject: null, ...changes };
}

/** The platform's entry, held and booked unless said otherwise. */
export function bookedOf(intentId: string, changes: Partial<LedgerObservation> = {}): LedgerObservation {
  const { amountMinor = TOTAL } = changes;
  return {
    ...outside, kind: 'ledger', tMs: 9_000, source: 'platform', id: intentId, intentId, subject: `project-${intentId}`, state: 'held', amountMinor,
    netMinor: NET, feeMinor: FEE, refundedMinor: 0, currency: 'usd', keyConflicts: 0, ageMs: 60_000,
    bookings: [{ operation: 'lock', account: 'buyer', amountMinor: -amountMinor }, { operation: 'lock', account: 'escrow', amountMinor }],
    ...changes,
  };
}

/** The provider's entry. */
export function chargedOf(intentId: string, changes: Partial<LedgerObservation> = {}): LedgerObservation {
  return {
    ...outside, kind: 'ledger', tMs: 9_000, source: 'provider', id: `pi_${intentId}`, intentId, subject: `project-${intentId}`, state: 'held',
    amountMinor: TOTAL, netMinor: null, feeMinor: null, refundedMinor: 0, currency: 'usd', bookings: [], keyConflicts: 0, ageMs: null, ...changes,
  };
}

export function readOf(source: 'platform' | 'provider', entries = 0, changes: Partial<AuditObservation> = {}): AuditObservation {
  return { ...outside, kind: 'audit', tMs: 9_500, source, state: 'complete', entries, ...changes };
}
