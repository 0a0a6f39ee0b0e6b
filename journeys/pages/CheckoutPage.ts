import type { Locator, Page } from 'playwright';
import type { PaymentLog } from '../../src/journey.ts';

type Shown = Parameters<PaymentLog['shown']>[1];

/** A payment that the page is about to make; amounts in minor units, as it shows them. */
export type IntendedPayment = Parameters<PaymentLog['intended']>[0];

/** What the page says of a payment in place of a receipt, by the code that stands beside its words. */
const TOLD: Record<string, Shown> = {
  CARD_DECLINED: 'declined',
  // Another payment has funded the project: this one took nothing.
  ALREADY_FUNDED: 'error',
  INTENT_REUSED: 'error',
  // It was given up, and what the provider may hold of it is let go.
  NOT_CONFIRMED: 'error',
};
const READ_LIMIT_MS = 1_000;

/** The escrow checkout of a project. */
export class CheckoutPage {
  readonly page: Page;
  readonly form: Locator;
  readonly total: Locator;
  readonly payButton: Locator;
  /** Appears in the page once the money is held. */
  readonly receipt: Locator;
  /** The payment is under way; the receipt comes later. */
  readonly confirming: Locator;
  /** Why a payment did not go through. */
  readonly error: Locator;
  /** Whatever the user is shown first. */
  readonly answer: Locator;
  /** The same, also where no payment came of it. */
  readonly answered: Locator;
  /** Whatever shows that the page is there, whether the project is paid for or not. */
  readonly arrived: Locator;
  readonly release: Locator;

  constructor(page: Page) {
    this.page = page;
    // Its script gives it an intent, and only then is it a form that can pay.
    this.form = page.locator('form[data-checkout][data-intent]:not([data-intent=""])');
    this.total = page.getByTestId('checkout-total');
    this.payButton = page.getByRole('button', { name: 'Pay into escrow' });
    this.receipt = page.getByTestId('receipt');
    this.confirming = page.getByTestId('payment-confirming');
    this.error = page.getByTestId('payment-error');
    this.answer = this.receipt.or(this.confirming).filter({ visible: true }).first();
    this.answered = this.receipt.or(this.confirming).or(this.error).filter({ visible: true }).first();
    this.arrived = this.total.or(this.receipt).or(this.confirming).filter({ visible: true }).first();
    this.release = page.getByRole('button', { name: 'Release payment' });
  }

  async open(projectId: string): Promise<void> {
    await this.page.goto(`/projects/${encodeURIComponent(projectId)}/checkout`, { waitUntil: 'commit' });
  }

  /** The card as the page names it, such as `Visa ending in 0002`. Without this the first test card is used. */
  async chooseCard(name: string): Promise<void> {
    await this.page.getByRole('radio', { name }).check();
  }

  async pay(): Promise<void> {
    await this.payButton.click();
  }

  /** As impatient people do, and those who take a button for an icon. */
  async payTwice(): Promise<void> {
    await this.payButton.dblclick();
  }

  /** The next payment reaches the server, whose answer never comes back: as when a train enters a tunnel. */
  async loseNextAnswer(): Promise<void> {
    await this.page.route('**/api/v1/payments/escrow/lock', async (route) => {
      // The page may be closed, or the server gone, before the answer is there: it is lost then as well, and nobody
      // would catch a rejection in here. It goes past the browser, and so past what keeps that from other hosts.
      await route.fetch({ maxRedirects: 0 }).catch(() => undefined);
      await route.abort('aborted').catch(() => undefined);
    }, { times: 1 });
  }

  async releasePayment(): Promise<void> {
    await this.release.click();
  }

  /** What a click on Pay would pay now. */
  async payment(): Promise<IntendedPayment> {
    const { intent, amountCents, currency, project } = await this.form.evaluate((form: HTMLFormElement) => ({ ...form.dataset }));
    if (!intent) throw new Error('the checkout names no payment intent (data-intent)');
    return { intentId: intent, amountMinor: amountCents === undefined ? null : Number(amountCents), currency: currency ?? null, subject: project ?? null };
  }

  /** Tells the audit what is about to be paid; returns the intent's id. To be called before the click, which no failure can then hide. */
  async intend(payments: PaymentLog): Promise<string> {
    const payment = await this.payment();
    payments.intended(payment);
    return payment.intentId;
  }

  /** Tells the audit what the user is shown of a payment, if anything: after the click, also where that failed. */
  async tell(payments: PaymentLog, intentId: string): Promise<void> {
    const limit = { timeout: READ_LIMIT_MS };
    try {
      if (await this.receipt.isVisible()) {
        const { escrow, amountCents, currency } = await this.receipt.evaluate((receipt: HTMLElement) => ({ ...receipt.dataset }), undefined, limit);
        // A receipt for another payment of the same project says nothing of this one.
        if (escrow !== undefined && escrow !== intentId) return;
        const amountMinor = amountCents === undefined ? centsOf(await this.receipt.innerText(limit)) : Number(amountCents);
        return payments.shown(intentId, 'receipt', { amountMinor, currency: currency ?? null });
      }
      if (await this.confirming.isVisible()) return payments.shown(intentId, 'confirming');
      if (await this.error.isVisible()) payments.shown(intentId, TOLD[(await this.error.getAttribute('data-code', limit)) ?? ''] ?? 'unclear');
    } catch {
      // A page that is gone shows nothing.
    }
  }
}

/** Returns the first amount of a text such as `$1,030.00 is held`, in cents; null without one. */
function centsOf(text: string): number | null {
  const match = /\$([\d,]+)\.(\d\d)/.exec(text);
  return match ? Number((match[1] ?? '').replaceAll(',', '')) * 100 + Number(match[2]) : null;
}
