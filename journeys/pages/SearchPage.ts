import type { Locator, Page } from 'playwright';

/** The marketplace: its home, search results and the generated landing pages. */
export class SearchPage {
  readonly page: Page;
  readonly input: Locator;
  readonly submit: Locator;
  /** The open list under the search box. */
  readonly suggestions: Locator;
  readonly firstSuggestion: Locator;
  /** The list of creators, on the home, search and landing pages alike. */
  readonly results: Locator;
  readonly cards: Locator;
  readonly firstResult: Locator;
  readonly resultCount: Locator;
  readonly popular: Locator;
  /** The name at the top of a creator's own page, where a click on a result leads. */
  readonly creatorName: Locator;

  constructor(page: Page) {
    this.page = page;
    this.input = page.getByRole('combobox', { name: 'Search creators' });
    this.submit = page.getByRole('search').getByRole('button', { name: 'Search' });
    this.suggestions = page.getByRole('listbox', { name: 'Suggestions' });
    this.firstSuggestion = this.suggestions.getByRole('option').first();
    this.results = page.getByTestId('results');
    this.cards = page.getByTestId('creator-card');
    this.firstResult = this.cards.first().getByRole('link');
    this.resultCount = page.getByTestId('result-count');
    this.popular = page.getByRole('list', { name: 'Popular searches' }).getByRole('link');
    this.creatorName = page.getByTestId('creator-name');
  }

  async openHome(): Promise<void> {
    await this.page.goto('/', { waitUntil: 'commit' });
  }

  /** A landing page, such as `prompt-engineer-for-product-launches`. */
  async open(slug: string): Promise<void> {
    await this.page.goto(`/find/${encodeURIComponent(slug)}`, { waitUntil: 'commit' });
  }

  /** Any address of the site, as recorded traffic has it. */
  async openPath(path: string): Promise<void> {
    await this.page.goto(path, { waitUntil: 'commit' });
  }

  /** What a visitor of such an address waits to see: the first result of a landing page, else the main part. */
  content(path: string): Locator {
    return path.startsWith('/find/') ? this.firstResult : this.page.getByRole('main');
  }

  async openPopular(index = 0): Promise<void> {
    await this.popular.nth(index).click();
  }

  /** Types key by key, as a person does, so that the suggestions follow. */
  async type(text: string): Promise<void> {
    await this.input.pressSequentially(text);
  }

  async search(): Promise<void> {
    await this.submit.click();
  }

  async chooseFirstSuggestion(): Promise<void> {
    await this.firstSuggestion.click();
  }

  async openFirstResult(): Promise<void> {
    await this.firstResult.click();
  }
}
