import type { BreachKind, LedgerState, PaymentShown } from '../model/index.ts';
import type { Entry, Payment } from './integrity-books.ts';

/** What the rules go by: documentation/integrity.md says each of them in words. */
export interface Rules {
  /** Whether the book was read as a whole: without that, nothing missing in it says anything. */
  platformComplete: boolean;
  providerComplete: boolean;
  /** From when on the provider's book was read: an entry that it lacks may have come later. Null where nothing was read. */
  providerReadMs: number | null;
  /** An entry that has been under way for longer is stuck. */
  settleMs: number;
  /** 300 is 3 %. */
  feeBasisPoints: number;
}

/** What is wrong with one payment. One fault is one breach: where the money is comes to one kind at most. */
export interface Judgement {
  breaches: { kind: BreachKind; why: string }[];
  /** Not settled, and too young to be called stuck. */
  underWay: boolean;
}

/** The provider holds or took the money. */
const LIVE: ReadonlySet<LedgerState> = new Set(['held', 'released', 'refunding']);
const GIVEN_BACK: ReadonlySet<LedgerState> = new Set(['refunded', 'canceled']);
/** Told that nothing was paid. */
const TOLD_FAILED: ReadonlySet<PaymentShown> = new Set(['declined', 'error']);

export function isLive({ state }: Entry): boolean {
  return LIVE.has(state);
}

/** Returns what is wrong with one payment, by itself: charges for the same subject are held against each other elsewhere. */
export function judgePayment(payment: Payment, rules: Rules): Judgement {
  const platform = primary(payment.platform, null);
  const provider = primary(payment.provider, platform);
  const money = whereTheMoneyIs(payment, platform, provider, rules);
  const feeWhy = platform === null ? null : feeFault(platform, rules.feeBasisPoints);
  const breaches: Judgement['breaches'] = [
    ...(money === null || money === 'under way' ? [] : [money]),
    ...mismatch(payment, platform, provider, rules),
    ...(feeWhy === null ? [] : [{ kind: 'wrong_fee' as const, why: feeWhy }]),
    ...keyReuse(payment),
  ];
  return { breaches, underWay: money === 'under way' };
}

/** The entry that stands for the payment: the one furthest on, and of several alike the one with the amount of the other book. */
function primary(entries: readonly Entry[], other: Entry | null): Entry | null {
  const rank = (one: Entry): number => (isLive(one) ? 3 : GIVEN_BACK.has(one.state) ? 2 : one.state === 'pending' ? 1 : 0);
  const fits = (one: Entry): number => (other !== null && one.amountMinor === other.amountMinor && one.currency === other.currency ? 1 : 0);
  return entries.toSorted((a, b) => rank(b) - rank(a) || fits(b) - fits(a))[0] ?? null;
}

type Money = Judgement['breaches'][number] | 'under way' | null;

/** The first rule that holds is the breach: the ones after it would tell of the same fault once more. */
function whereTheMoneyIs(payment: Payment, platform: Entry | null, provider: Entry | null, rules: Rules): Money {
  const live = payment.provider.filter(isLive);
  const booked = payment.platform.filter(isLive);
  const shown = payment.browser?.shown?.what ?? null;
  const toldFailed = shown !== null && TOLD_FAILED.has(shown);
  const hadReceipt = (payment.browser?.receipt ?? null) !== null;
  if (live.length > 1) return { kind: 'duplicate_charge', why: `${live.length} live charges for one payment` };
  if (booked.length > 1) return { kind: 'duplicate_charge', why: `the platform books it ${booked.length} times` };
  if (platform === null) return unbooked(live.length > 0, toldFailed, hadReceipt, rules);
  if (isMoving(platform, provider, rules)) return 'under way';
  const [charge] = live;
  if (charge !== undefined && charge.state !== 'refunding' && toldFailed) {
    return { kind: 'charge_on_failure', why: `the user was told that it failed, the platform says ${platform.state}, the provider has the money` };
  }
  switch (platform.state) {
    case 'pending':
      return { kind: 'unsettled_escrow', why: 'it is neither held, released, refunded nor failed' };
    case 'refunding':
      return { kind: 'stuck_refund', why: 'the refund did not come to an end' };
    case 'failed':
      if (charge !== undefined) return { kind: 'charge_on_failure', why: 'it failed, the provider has the money all the same' };
      return hadReceipt ? { kind: 'false_receipt', why: 'the user was shown a receipt, it failed' } : null;
    case 'refunded':
    case 'canceled':
      return notGivenBack(platform, charge)
        ? { kind: 'stuck_refund', why: `the platform says ${platform.state}, the provider still has the money` } : null;
    case 'held':
    case 'released':
      return claimed(platform, provider, charge, rules);
  }
}

/** Open and too young to be stuck (or of an age that nobody tells: it may be), or changed after the provider was asked, who could then not say the same. */
function isMoving({ state, ageMs, readMs }: Entry, provider: Entry | null, { settleMs, providerReadMs }: Rules): boolean {
  const isOpen = state === 'pending' || state === 'refunding';
  if (ageMs === null) return isOpen;
  const askedMs = provider?.readMs ?? providerReadMs;
  return (isOpen && ageMs < settleMs) || (askedMs !== null && readMs - ageMs > askedMs);
}

/** The platform's book has nothing of the payment. */
function unbooked(isCharged: boolean, toldFailed: boolean, hadReceipt: boolean, rules: Rules): Money {
  if (isCharged) {
    if (rules.platformComplete) return { kind: 'lost_payment', why: 'the provider has the money, the platform knows nothing of it' };
    if (!toldFailed) return null;
    return { kind: 'charge_on_failure', why: 'the user was told that it failed, the provider has the money' };
  }
  if (!hadReceipt || !rules.platformComplete || !rules.providerComplete) return null;
  return { kind: 'false_receipt', why: 'the user was shown a receipt, neither book has the money' };
}

/** A refund of a part that both books know of is none that is stuck. */
function notGivenBack(platform: Entry, charge: Entry | undefined): boolean {
  if (charge === undefined || charge.state === 'refunding') return false;
  return charge.refundedMinor === 0 || charge.refundedMinor < platform.refundedMinor;
}

/** The platform says that it has the money, or has passed it on. */
function claimed(platform: Entry, provider: Entry | null, charge: Entry | undefined, rules: Rules): Money {
  if (charge === undefined) {
    if (!rules.providerComplete) return null;
    return provider !== null && GIVEN_BACK.has(provider.state)
      ? { kind: 'unsettled_escrow', why: `the platform says ${platform.state}, the provider gave the money back` }
      : { kind: 'false_receipt', why: `the platform says ${platform.state}, the provider never had the money` };
  }
  const agree = charge.state === platform.state || (charge.autoCaptured && charge.state === 'released');
  return agree ? null : { kind: 'unsettled_escrow', why: `the platform says ${platform.state}, the provider ${charge.state}` };
}

/** Returns the right fee in minor units: its share of the net amount, rounded half up in whole numbers. */
export function feeOf(netMinor: number, basisPoints: number): number {
  return Math.floor((netMinor * basisPoints + 5_000) / 10_000);
}

function feeFault({ netMinor, feeMinor, amountMinor, bookingFault }: Entry, basisPoints: number): string | null {
  if (netMinor === null || feeMinor === null) return bookingFault;
  const right = feeOf(netMinor, basisPoints);
  if (feeMinor !== right) return `the fee of ${netMinor} is ${feeMinor}, ${right} would be right`;
  if (netMinor + feeMinor !== amountMinor) return `the parts ${netMinor} and ${feeMinor} are not the whole, ${amountMinor}`;
  return bookingFault;
}

/** What the platform may rightly ask: its amount, and where its fee is wrong, what it would be with the right one. */
function rightAmounts(platform: Entry, basisPoints: number): readonly number[] {
  const { netMinor, amountMinor } = platform;
  if (netMinor === null || feeFault(platform, basisPoints) === null) return [amountMinor];
  return [amountMinor, netMinor + feeOf(netMinor, basisPoints)];
}

/** Compares what was, or is to be, paid: a payment that failed or hangs has no amount to be right about. */
function mismatch({ browser }: Payment, platform: Entry | null, provider: Entry | null, rules: Rules): Judgement['breaches'] {
  if (platform === null || platform.state === 'failed' || platform.state === 'pending') return [];
  const charge = provider !== null && (isLive(provider) || GIVEN_BACK.has(provider.state)) ? provider : null;
  const others = [
    ...(browser?.intended ? [{ who: 'the page asked for', ...browser.intended }] : []),
    ...(browser?.receipt ? [{ who: 'the receipt says', ...browser.receipt }] : []),
    ...(charge ? [{ who: 'the provider has', ...charge }] : []),
  ];
  // Amounts in different currencies cannot be compared: a wrong currency is told alone.
  const other = others.find(({ currency }) => currency !== null && currency !== platform.currency);
  if (other) return [{ kind: 'currency_mismatch', why: `${other.who} ${other.currency}, the platform ${platform.currency}` }];
  const right = rightAmounts(platform, rules.feeBasisPoints);
  const wrong = others.find(({ amountMinor }) => amountMinor !== null && !right.includes(amountMinor));
  return wrong ? [{ kind: 'amount_mismatch', why: `${wrong.who} ${wrong.amountMinor}, the platform ${platform.amountMinor}` }] : [];
}

/** Both books may know of the same refused key: it is one breach. */
function keyReuse({ platform, provider }: Payment): Judgement['breaches'] {
  const times = (entries: readonly Entry[]): number => entries.reduce((sum, one) => sum + (one.keyConflicts ?? 0), 0);
  const most = Math.max(times(platform), times(provider));
  return most === 0 ? [] : [{ kind: 'key_reuse', why: `an idempotency key came ${most === 1 ? 'once' : `${most} times`} with another body` }];
}
