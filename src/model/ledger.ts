import { z } from 'zod';

const minor = z.number().int();
const text = z.string().min(1).nullable();

/**
 * What a user saw come of a payment. `receipt`: it is paid. `confirming`: it is under way, and will not be charged twice.
 * `declined`: the card was refused. `error`: told that nothing was paid. `unclear`: a message that says neither.
 */
export const PaymentShown = z.enum(['receipt', 'confirming', 'declined', 'error', 'unclear']);
export type PaymentShown = z.infer<typeof PaymentShown>;

/** A payment as its user's browser knew it; amounts are minor units (cents), as the page showed them. */
export const BrowserPayment = {
  /** Made in the browser before the click, so that a payment is known even when nothing comes back. */
  intentId: z.string().min(1),
  event: z.enum(['intended', 'shown']),
  /** Null for `intended`. Whether its user was told of a failure goes by the last one of an intent; a receipt counts whatever came after it. */
  shown: PaymentShown.nullable(),
  /** Null where the page did not say. */
  amountMinor: minor.nullable(),
  currency: text,
  /** What is paid for: the project. */
  subject: text,
} as const;

export const LedgerState = z.enum(['pending', 'held', 'released', 'refunding', 'refunded', 'canceled', 'failed']);
export type LedgerState = z.infer<typeof LedgerState>;

/** One payment in one of the two books, as it stood after the run. */
export const BookEntry = {
  source: z.enum(['platform', 'provider']),
  /** The entry's own id in that book. */
  id: z.string().min(1),
  /** Null: an entry of this run that names no intent. */
  intentId: text,
  subject: text,
  state: LedgerState,
  /** What the buyer pays; what comes to the seller and to the platform, where the book tells. Sum of parts equals the whole. */
  amountMinor: minor,
  netMinor: minor.nullable(),
  feeMinor: minor.nullable(),
  /** Given back so far. */
  refundedMinor: minor,
  /** The provider took the money at once: `released` there says nothing of whether the escrow was. */
  autoCaptured: z.literal(true).optional(),
  currency: z.string().min(1),
  /** Double-entry bookings, where the book has them; each operation's sum is zero. */
  bookings: z.array(z.strictObject({ operation: z.string(), account: z.string(), amountMinor: minor })),
  /** How often its idempotency keys came with another body, as this book knows; null where it cannot tell. */
  keyConflicts: z.number().int().nonnegative().nullable(),
  /** Time since its state changed when the book was read. */
  ageMs: z.number().nonnegative().nullable(),
} as const;

/** Whether a book could be read as a whole: without that, nothing missing in it says anything. */
export const BookRead = {
  source: z.enum(['platform', 'provider']),
  state: z.enum(['complete', 'failed']),
  /** Entries read. */
  entries: z.number().int().nonnegative(),
  detail: z.string().optional(),
} as const;

/** Every way in which the books can be wrong. Each has a gate at zero; documentation/integrity.md explains them. */
export const BREACHES = [
  'duplicate_charge',
  'charge_on_failure',
  'lost_payment',
  'amount_mismatch',
  'currency_mismatch',
  'wrong_fee',
  'unsettled_escrow',
  'key_reuse',
  'stuck_refund',
  'false_receipt',
] as const;
export const BreachKind = z.enum(BREACHES);
export type BreachKind = z.infer<typeof BreachKind>;

const counted = z.number().int().nonnegative();

/** One breach, with what a person needs to look it up in both books. */
export const Breach = z.strictObject({
  kind: BreachKind,
  /** Null where the entry names none. */
  intentId: z.string().nullable(),
  subject: z.string().nullable(),
  /** Load phase in which the payment was intended; null where no browser knew it. */
  phase: z.string().nullable(),
  /** What each source says, in one sentence. */
  detail: z.string(),
});
export type Breach = z.infer<typeof Breach>;

/** What holding the three sources against each other came to; in the record of a run with an audit. */
export const IntegrityReport = z.strictObject({
  /** Distinct payments known to any source: the n of every zero below. */
  payments: counted,
  /** Of them: known to the browser before the click; in each book. */
  fromBrowsers: counted,
  inPlatform: counted,
  atProvider: counted,
  /** `null`: never read. */
  books: z.strictObject({
    platform: z.enum(['complete', 'failed']).nullable(),
    provider: z.enum(['complete', 'failed']).nullable(),
  }),
  /** Of the payments: neither settled nor old enough to count as stuck when the books were read. */
  underWay: counted,
  /** Had more of all payments been wrong in one way, one would have been seen, at the plan's confidence; null without any. */
  ruledOutPercent: z.number().positive().max(100).nullable(),
  /** By state in the platform's book. */
  states: z.record(z.string(), counted),
  /** All kinds, zero ones included. */
  counts: z.record(BreachKind, counted),
  /** The first of them, a hundred at most. */
  breaches: z.array(Breach),
});
export type IntegrityReport = z.infer<typeof IntegrityReport>;
