import type { Locator, Page } from 'playwright';

/** A project: its title, its escrow and the drafting agent. */
export class ProjectPage {
  readonly page: Page;
  readonly title: Locator;
  readonly status: Locator;
  readonly fund: Locator;
  readonly release: Locator;
  readonly draft: Locator;
  /** What the agent is doing, in words. */
  readonly agentStatus: Locator;
  /** The same where the model did not answer: says what the brief is instead. */
  readonly fallback: Locator;
  /** The brief while it is being written: visible from the agent's first words until it is complete. */
  readonly agentProgress: Locator;
  /** The finished brief. */
  readonly brief: Locator;

  constructor(page: Page) {
    this.page = page;
    this.title = page.getByTestId('project-title');
    this.status = page.getByTestId('project-status');
    this.fund = page.getByRole('link', { name: 'Fund with escrow' });
    this.release = page.getByRole('button', { name: 'Release payment' });
    this.draft = page.getByRole('button', { name: 'Draft a brief' });
    this.agentStatus = page.getByTestId('agent-status');
    this.fallback = this.agentStatus.filter({ hasText: 'The model is not available' });
    this.agentProgress = page.getByTestId('agent-progress');
    this.brief = page.getByTestId('agent-brief');
  }

  async open(projectId: string): Promise<void> {
    await this.page.goto(`/projects/${encodeURIComponent(projectId)}`, { waitUntil: 'commit' });
  }

  async draftBrief(): Promise<void> {
    await this.draft.click();
  }

  async releasePayment(): Promise<void> {
    await this.release.click();
  }
}
