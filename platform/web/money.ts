/** The platform's share: 3 % (perf-6 plan, "3% fee pipeline"). In basis points, to stay in whole numbers. */
const FEE_BASIS_POINTS = 300;

/** What a creator can ask for one project: 5 to 50,000 US dollars. */
export const MIN_AMOUNT_CENTS = 500;
export const MAX_AMOUNT_CENTS = 5_000_000;

export interface Price {
  amountCents: number;
  feeCents: number;
  totalCents: number;
}

/** The price of a project: the creator's amount, the fee rounded half up, and their exact sum. All whole cents. */
export function priceOf(amountCents: number): Price {
  if (!Number.isSafeInteger(amountCents) || amountCents < 0) throw new RangeError('amountCents: not whole cents');
  const feeCents = Math.floor((amountCents * FEE_BASIS_POINTS + 5_000) / 10_000);
  return { amountCents, feeCents, totalCents: amountCents + feeCents };
}

/** Cents from what a person typed ("1,200.50"), without a detour over binary fractions; null when it is no amount. */
export function parseCents(text: string): number | null {
  const match = /^\s*\$?\s*(\d{1,3}(?:,?\d{3})*|\d+)(?:\.(\d{1,2}))?\s*$/.exec(text);
  if (match === null) return null;
  const cents = Number((match[1] ?? '').replaceAll(',', '')) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
  return Number.isSafeInteger(cents) ? cents : null;
}

/** "$1,236.00" */
export function formatCents(cents: number): string {
  const whole = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, ',');
  return `$${whole}.${String(cents % 100).padStart(2, '0')}`;
}
