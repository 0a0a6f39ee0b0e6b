import type { Locator, Page } from 'playwright';

/** What a provider account works with: sync of a file, funding of orders, search of listings. */
export class ListingsPage {
  readonly page: Page;
  readonly file: Locator;
  readonly syncButton: Locator;
  /** What became of the rows; visible once a sync was answered. */
  readonly syncResult: Locator;
  readonly syncError: Locator;
  /** Says that the file waits for object storage. */
  readonly uploadLater: Locator;
  readonly showMine: Locator;
  readonly query: Locator;
  readonly scope: Locator;
  readonly searchButton: Locator;
  /** Says whose listings are shown, and for which words. */
  readonly heading: Locator;
  readonly firstListing: Locator;
  readonly more: Locator;
  readonly verifyButton: Locator;
  /** How many orders are verified; visible once a check was answered. */
  readonly fundingResult: Locator;
  readonly fundingStatuses: Locator;

  constructor(page: Page) {
    this.page = page;
    this.file = page.getByLabel('File', { exact: true });
    this.syncButton = page.getByRole('button', { name: 'Sync listings' });
    this.syncResult = page.getByTestId('sync-result');
    this.syncError = page.getByTestId('sync-error');
    this.uploadLater = page.getByTestId('upload-later');
    this.showMine = page.getByRole('link', { name: 'Show my listings' });
    this.query = page.getByRole('searchbox', { name: 'Search listings' });
    this.scope = page.getByRole('combobox', { name: 'Whose listings' });
    this.searchButton = page.getByRole('search').getByRole('button', { name: 'Search' });
    this.heading = page.getByTestId('listings-heading');
    this.firstListing = page.getByTestId('listing').first();
    this.more = page.getByRole('link', { name: 'More listings' });
    this.verifyButton = page.getByRole('button', { name: 'Verify funding' });
    this.fundingResult = page.getByTestId('funding-result');
    this.fundingStatuses = page.getByTestId('funding-status');
  }

  async open(): Promise<void> {
    await this.page.goto('/provider/listings', { waitUntil: 'commit' });
  }

  async chooseFile(name: string, csv: string): Promise<void> {
    await this.file.setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(csv) });
  }

  async sync(): Promise<void> {
    await this.syncButton.click();
  }

  async openMine(): Promise<void> {
    await this.showMine.click();
  }

  async fillSearch(words: string, scope: 'My listings' | 'All listings'): Promise<void> {
    await this.query.fill(words);
    await this.scope.selectOption({ label: scope });
  }

  async search(): Promise<void> {
    await this.searchButton.click();
  }

  async openMore(): Promise<void> {
    await this.more.click();
  }

  async verify(): Promise<void> {
    await this.verifyButton.click();
  }
}
