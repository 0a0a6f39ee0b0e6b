import type { Frame, JSHandle, Locator, Page } from 'playwright';
import type { Redactor } from '../privacy/redactor.ts';

const MARK = 'data-openshow-private';
/** A page that does not answer by then hangs. */
const LIMIT_MS = 1_000;
/** Elements and texts of one document; what has more is not looked through, and not pictured. */
const MOST_NODES = 50_000;

/** The texts of a document, in stretches that a reader sees as one, and the element of each part. */
interface PageTexts {
  stretches: { text: string; parts: { from: number; to: number; element: Element }[] }[];
}

/** What is private among the texts that a page shows, to be covered in a picture of it. Nothing here throws. */
export class PrivateTexts {
  readonly #page: Page;
  readonly #redactor: Redactor;
  #marked: Frame[] = [];

  constructor(page: Page, redactor: Redactor) {
    this.#page = page;
    this.#redactor = redactor;
  }

  /**
   * Marks the elements that show something private, and returns what covers them. Frames that cannot be read are covered as
   * a whole; null where the page itself cannot.
   */
  async mark(): Promise<Locator[] | null> {
    const main = this.#page.mainFrame();
    const looked = await Promise.all(this.#page.frames().map(async (frame) => ({ frame, count: await this.#markIn(frame) })));
    if (looked.some(({ frame, count }) => frame === main && count === null)) return null;
    return looked.flatMap(({ frame, count }) => {
      if (count === 0) return [];
      this.#marked.push(frame);
      return [count === null ? (frame.parentFrame() ?? main).locator('iframe, frame') : frame.locator(`[${MARK}]`)];
    });
  }

  /** Returns whether private text shows, or could, in an element that was not marked. */
  async more(): Promise<boolean> {
    const counts = await Promise.all(this.#page.frames().map((frame) => this.#markIn(frame)));
    return counts.some((count, at) => (count === null ? !this.#marked.includes(this.#page.frames()[at] as Frame) : count > 0));
  }

  async unmark(): Promise<void> {
    await Promise.all(this.#marked.map((frame) => within(frame.evaluate(unmarkAll, MARK))));
  }

  /** Returns how many elements were marked that were not before; null where the frame's texts cannot be read. */
  async #markIn(frame: Frame): Promise<number | null> {
    const handle = await within<JSHandle<PageTexts | null>>(frame.evaluateHandle(readTexts, MOST_NODES));
    if (handle === null) return null;
    const texts = await within(handle.evaluate((read) => read?.stretches.map(({ text, parts }) => (
      { text, parts: parts.map(({ from, to }) => [from, to] as const) })) ?? null));
    if (texts === null) return null;
    const chosen = texts.flatMap(({ text, parts }, stretch) => this.#partsToCover(text, parts).map((part) => [stretch, part] as const));
    if (chosen.length === 0) return 0;
    return within(handle.evaluate(markElements, { chosen, mark: MARK }));
  }

  /** In the whole stretch, since an address may be cut in two, and in each part: what stands beside it may be set apart by its style alone. */
  #partsToCover(text: string, parts: readonly (readonly [from: number, to: number])[]): number[] {
    const hits = this.#redactor.find(text);
    return parts.flatMap(([from, to], part) => (
      hits.some((hit) => hit.to > from && hit.from < to) || (parts.length > 1 && this.#redactor.find(text.slice(from, to)).length > 0) ? [part] : []));
  }
}

/** Returns what a promise gives, or null if it does not in time, or fails: a frame may hang, or be gone. */
async function within<T>(promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, LIMIT_MS, null);
  });
  try {
    return await Promise.race([promise.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs in the page: reads its texts, those in open shadow roots, fields and alternative texts too. Null where there are too many. */
function readTexts(most: number): PageTexts | null {
  const stretches: PageTexts['stretches'] = [];
  let seen = 0;
  const alone = (text: string, element: Element): void => {
    if (text !== '') stretches.push({ text, parts: [{ from: 0, to: text.length, element }] });
  };
  // Inline elements go on in the line of the text around them; everything else begins a new one.
  let open: PageTexts['stretches'][number] | null = null;
  const walk = (node: Node, parent: Element): boolean => {
    seen += 1;
    if (seen > most) return false;
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.nodeValue ?? '';
      if (text === '') return true;
      if (open === null) stretches.push((open = { text: '', parts: [] }));
      open.parts.push({ from: open.text.length, to: open.text.length + text.length, element: parent });
      open.text += text;
      return true;
    }
    if (!(node instanceof Element) || /^(?:script|style|noscript|template|head|iframe)$/i.test(node.localName)) return true;
    if (node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement) {
      alone(node.value, node);
      alone(node.placeholder, node);
      return true;
    }
    if (node instanceof HTMLSelectElement) {
      // A list shows those that are not chosen, too.
      for (const option of node.size > 1 || node.multiple ? node.options : node.selectedOptions) alone(option.text, node);
      return true;
    }
    if (node instanceof HTMLImageElement) alone(node.alt, node);
    const inline = node.localName !== 'br' && /^(?:inline|contents)/.test(getComputedStyle(node).display);
    if (!inline) open = null;
    for (const child of [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes]) if (!walk(child, node)) return false;
    if (!inline) open = null;
    return true;
  };
  return walk(document.documentElement, document.documentElement) ? { stretches } : null;
}

/** Runs in the page. Returns how many elements got the mark now. */
function markElements(read: PageTexts | null, { chosen, mark }: { chosen: (readonly [stretch: number, part: number])[]; mark: string }): number {
  let count = 0;
  for (const [stretch, part] of chosen) {
    const element = read?.stretches[stretch]?.parts[part]?.element;
    if (!element || element.hasAttribute(mark)) continue;
    element.setAttribute(mark, '');
    count += 1;
  }
  return count;
}

/** Runs in the page. */
function unmarkAll(mark: string): void {
  const clean = (root: ParentNode): void => {
    for (const element of root.querySelectorAll('*')) {
      element.removeAttribute(mark);
      if (element.shadowRoot) clean(element.shadowRoot);
    }
  };
  clean(document);
}
