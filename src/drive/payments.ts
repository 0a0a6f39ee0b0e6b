import { z } from 'zod';
import type { PaymentLog } from '../journey.ts';
import { BrowserPayment } from '../model/index.ts';

const Said = z.strictObject(BrowserPayment);
/** A payment as it is recorded, before it is placed in a run. */
export type PaymentSample = z.infer<typeof Said>;

/**
 * Returns the log by which a journey tells of its payments. What a page object read wrongly (no id, an amount with a fraction)
 * ends its user with the reason: recorded, it would be a line that nobody can judge.
 */
export function createPaymentLog(record: (sample: PaymentSample) => void): PaymentLog {
  const log = (sample: PaymentSample): void => {
    const parsed = Said.safeParse(sample);
    if (parsed.success) return record(parsed.data);
    const [issue] = parsed.error.issues;
    throw new Error(`payments.${sample.event}: ${issue?.path.join('.')}: ${issue?.message}`);
  };
  return {
    intended: ({ intentId, amountMinor, currency, subject }) =>
      log({ intentId, event: 'intended', shown: null, amountMinor, currency, subject }),
    shown: (intentId, what, amount) =>
      log({ intentId, event: 'shown', shown: what, amountMinor: amount?.amountMinor ?? null, currency: amount?.currency ?? null, subject: null }),
  };
}
