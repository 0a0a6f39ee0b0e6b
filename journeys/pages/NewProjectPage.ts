import type { Locator, Page } from 'playwright';

export interface ProjectDraft {
  title: string;
  details: string;
  /** What a person types, in US dollars: `1200` or `1,200.50`. */
  budget: string;
}

/** The form for a new project. */
export class NewProjectPage {
  readonly page: Page;
  readonly title: Locator;
  readonly details: Locator;
  readonly skill: Locator;
  readonly budget: Locator;
  readonly create: Locator;
  readonly error: Locator;

  constructor(page: Page) {
    this.page = page;
    this.title = page.getByLabel('Title', { exact: true });
    this.details = page.getByLabel('Details', { exact: true });
    this.skill = page.getByLabel('Skill', { exact: true });
    this.budget = page.getByLabel('Budget (US$)', { exact: true });
    this.create = page.getByRole('button', { name: 'Create project' });
    this.error = page.getByTestId('form-error');
  }

  async open(): Promise<void> {
    await this.page.goto('/projects/new', { waitUntil: 'commit' });
  }

  async fill(draft: ProjectDraft): Promise<void> {
    await this.title.fill(draft.title);
    await this.details.fill(draft.details);
    await this.budget.fill(draft.budget);
  }

  async submit(): Promise<void> {
    await this.create.click();
  }
}
