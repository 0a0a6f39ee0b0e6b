import type { Locator, Page } from 'playwright';

export interface NewAccount {
  name: string;
  email: string;
  password: string;
}

/** The signup form, and the greeting that follows it. */
export class SignupPage {
  readonly page: Page;
  readonly name: Locator;
  readonly email: Locator;
  readonly password: Locator;
  readonly create: Locator;
  readonly welcome: Locator;
  readonly error: Locator;

  constructor(page: Page) {
    this.page = page;
    this.name = page.getByLabel('Name', { exact: true });
    this.email = page.getByLabel('Email', { exact: true });
    this.password = page.getByLabel('Password', { exact: true });
    this.create = page.getByRole('button', { name: 'Create account' });
    this.welcome = page.getByTestId('welcome');
    this.error = page.getByTestId('form-error');
  }

  async open(): Promise<void> {
    await this.page.goto('/signup', { waitUntil: 'commit' });
  }

  async fill(account: NewAccount): Promise<void> {
    await this.name.fill(account.name);
    await this.email.fill(account.email);
    await this.password.fill(account.password);
  }

  async submit(): Promise<void> {
    await this.create.click();
  }
}
