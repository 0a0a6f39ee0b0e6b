import type { Locator, Page } from 'playwright';

/** The escrow checkout of a project. */
export class CheckoutPage {
  readonly page: Page;
  readonly total: Locator;
  readonly payButton: Locator;
  /** Appears in the page once the money is held. */
  readonly receipt: Locator;
  /** Why a payment did not go through. */
  readonly error: Locator;
  readonly release: Locator;

  constructor(page: Page) {
    this.page = page;
    this.total = page.getByTestId('checkout-total');
    this.payButton = page.getByRole('button', { name: 'Pay into escrow' });
    this.receipt = page.getByTestId('receipt');
    this.error = page.getByTestId('payment-error');
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

  async releasePayment(): Promise<void> {
    await this.release.click();
  }
}
