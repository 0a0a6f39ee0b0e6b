import type { Frame, Locator, Page } from 'playwright';

/** One way in which an awaited element comes to be seen, at one delay. */
export interface AccuracyCase {
  id: string;
  title: string;
  delayMs: number;
  /** the page to open first, off the clock; null where opening it is the step */
  page: string | null;
  act(page: Page, url: (name: string) => string): Promise<unknown>;
  until(page: Page): Locator;
  /** the document that knows the truth, where it is not the page's main one */
  truthIn?(page: Page): Frame;
  /** the awaited element is in the popup that the step opens */
  popup?: true;
  /** steps of the same kind in the same page before the one that counts */
  warmups?: number;
}

export const DELAYS_MS = [10, 120, 400, 600, 900, 1600, 2000];

const click = (page: Page): Promise<void> => page.locator('#act').click();
const done = (page: Page): Locator => page.locator('#done');

const plain = (id: string, title: string, delayMs = 120, more: Partial<AccuracyCase> = {}): AccuracyCase =>
  ({ id: `${id}-${delayMs}`, title, delayMs, page: id, act: click, until: done, ...more });

const inFrame = (page: Page): Locator => page.frameLocator('iframe').locator('#done');
const innerFrame = (page: Page): Frame => page.frames()[1] ?? page.mainFrame();

export const cases: AccuracyCase[] = [
  ...DELAYS_MS.map((delayMs) => plain('added', 'element added', delayMs)),
  plain('text', 'text changes in a visible element', 120, { until: (page) => page.getByText('Order confirmed') }),
  plain('class', 'class on the element'),
  plain('hidden', 'hidden attribute on an ancestor'),
  plain('style', 'style on an ancestor'),
  plain('open', 'details opened'),
  plain('busyAncestor', 'ancestors change before and after the reveal', 400),
  plain('sheet', 'style sheet rule, no node changes'),
  plain('sibling', 'property of a sibling, no node changes'),
  plain('link', 'link to another document'),
  plain('link', 'link to another document', 600),
  plain('linkAbroad', 'link to another site'),
  plain('form', 'form: POST, 303, GET'),
  {
    id: 'visited-120', title: 'opened by address', delayMs: 120, page: null, until: done,
    act: (page, url) => page.goto(url('visited')),
  },
  plain('pushState', 'pushState navigation'),
  plain('shadow', 'open shadow root'),
  plain('frame', 'iframe, same origin', 120, { until: inFrame, truthIn: innerFrame }),
  plain('frameAbroad', 'iframe, other origin of the site', 120, { until: inFrame, truthIn: innerFrame }),
  plain('hiddenFrame', 'iframe revealed by its parent', 120, { until: inFrame }),
  plain('popup', 'popup', 120, { popup: true }),
  plain('image', 'image', 400),
  plain('opacity', 'opacity of an ancestor', 400),
  plain('fade', 'CSS animation after its delay', 400),
  plain('rerender', 'node replaced and re-added after the reveal', 400),
  plain('ticker', 'page that changes in every frame', 400, { until: (page) => page.getByText('Order confirmed') }),
  plain('added', 'third step in one page', 120, { id: 'third-step-120', warmups: 2 }),
  plain('typing', 'typing', 120, { act: (page) => page.locator('#act').press('a') }),
  plain('role', 'by role and name, hidden at first', 120, {
    until: (page) => page.getByRole('heading', { name: 'receipt no. 7' }),
  }),
  plain('filtered', 'filter, has and nth', 120, {
    until: (page) => page.getByRole('listitem').filter({ hasText: 'paid' }).filter({ has: page.locator('b') }).nth(0),
  }),
  plain('scrolled', 'scrolled, content-visibility: auto'),
];
