import type { AttributeTest, TextTest } from './plan.ts';

/**
 * Text, labels, roles and names as Playwright's locators understand them (the documented semantics of getByText,
 * getByLabel and getByRole). Self-contained: it is sent to the page as text. Accessible names cover the common
 * ground, not every corner of accname; clock.ts asks Playwright's own answer to agree before a time is believed.
 */
export function textTools() {
  const squeeze = (text: string): string => text.replace(/[\u200b\u00ad]/g, '').trim().replace(/\s+/g, ' ');
  const skipped = new Set(['SCRIPT', 'NOSCRIPT', 'STYLE']);

  // One look at the page asks for the same texts over and over; a look is over before anything can change.
  let texts = new Map<Node, string>();
  const forget = (): void => { texts = new Map(); };

  const fullText = (node: Node): string => {
    const known = texts.get(node);
    if (known !== undefined) return known;
    const read = readText(node);
    texts.set(node, read);
    return read;
  };
  const readText = (node: Node): string => {
    if (node instanceof HTMLInputElement) return /^(submit|button)$/.test(node.type) ? node.value : '';
    if (skipped.has(node.nodeName) || (node.parentNode && document.head?.contains(node))) return '';
    let text = '';
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.nodeType === 3) text += child.nodeValue;
      else if (child.nodeType === 1) text += fullText(child);
    }
    const shadow = (node as Element).shadowRoot;
    return shadow ? text + fullText(shadow) : text;
  };

  const runs = (element: Element): string[] => {
    if (element instanceof HTMLInputElement) return [fullText(element)];
    const found: string[] = [];
    let run = '';
    for (const child of element.childNodes) {
      if (child.nodeType === 3) run += child.nodeValue;
      else if (child.nodeType === 1) { found.push(run); run = ''; }
    }
    return [...found, run].filter(Boolean);
  };

  const passes = (text: string, test: TextTest): boolean => {
    if (test.kind === 'regex') return new RegExp(test.text, test.flags).test(text);
    return test.kind === 'full' ? squeeze(text) === test.text : squeeze(text).toLowerCase().includes(test.text);
  };

  const hasText = (element: Element, test: TextTest): boolean => (test.kind === 'immediate'
    ? runs(element).some((run) => squeeze(run) === test.text)
    : passes(fullText(element), test));

  /** Whether the element itself, and no child of it, carries the text. */
  const isSmallest = (element: Element, test: TextTest): boolean => hasText(element, test)
    && ![...element.children, ...(element.shadowRoot?.children ?? [])].some((child) => hasText(child, test));

  const byIds = (element: Element, attribute: string): Element[] => (element.getAttribute(attribute) ?? '').split(/\s+/)
    .flatMap((id) => (id && (element.getRootNode() as Document).getElementById?.(id)) || []);

  const labels = (element: Element): string[] => {
    const referenced = byIds(element, 'aria-labelledby');
    if (referenced.length > 0) return referenced.map(fullText);
    const aria = element.getAttribute('aria-label');
    if (aria?.trim()) return [aria];
    return [...((element as HTMLInputElement).labels ?? [])].map(fullText);
  };

  const inputRoles: Record<string, string> = {
    button: 'button', submit: 'button', reset: 'button', image: 'button', checkbox: 'checkbox', radio: 'radio',
    range: 'slider', number: 'spinbutton', search: 'searchbox', hidden: '', text: 'textbox', email: 'textbox',
    tel: 'textbox', url: 'textbox', password: '', file: 'button', color: '', date: '', time: '', month: '', week: '',
  };
  const tagRoles: Record<string, string> = {
    BUTTON: 'button', H1: 'heading', H2: 'heading', H3: 'heading', H4: 'heading', H5: 'heading', H6: 'heading',
    TEXTAREA: 'textbox', UL: 'list', OL: 'list', MENU: 'list', LI: 'listitem', TABLE: 'table', TR: 'row', TD: 'cell',
    TH: 'columnheader', TBODY: 'rowgroup', THEAD: 'rowgroup', TFOOT: 'rowgroup', NAV: 'navigation', MAIN: 'main',
    HEADER: 'banner', FOOTER: 'contentinfo', ASIDE: 'complementary', ARTICLE: 'article', DIALOG: 'dialog',
    OUTPUT: 'status', PROGRESS: 'progressbar', METER: 'meter', FIELDSET: 'group', DETAILS: 'group', HR: 'separator',
    P: 'paragraph', OPTION: 'option', OPTGROUP: 'group', BLOCKQUOTE: 'blockquote', CODE: 'code', EM: 'emphasis',
    STRONG: 'strong', TIME: 'time', FIGURE: 'figure', CAPTION: 'caption', DFN: 'term', DT: 'term', DD: 'definition',
    DEL: 'deletion', INS: 'insertion', MARK: 'mark', SVG: 'img', MATH: 'math', DATALIST: 'listbox', SEARCH: 'search',
  };
  const roleOf = (element: Element): string => {
    const explicit = element.getAttribute('role')?.trim().split(/\s+/)[0];
    if (explicit) return explicit;
    if (element instanceof HTMLInputElement) {
      const role = inputRoles[element.type] ?? 'textbox';
      return element.list && role === 'textbox' ? 'combobox' : role;
    }
    if (element instanceof HTMLSelectElement) return element.multiple || element.size > 1 ? 'listbox' : 'combobox';
    const tag = element.nodeName.toUpperCase();
    if (tag === 'A' || tag === 'AREA') return element.hasAttribute('href') ? 'link' : '';
    if (tag === 'IMG') return element.getAttribute('alt') === '' ? 'presentation' : 'img';
    if (tag === 'SECTION') return nameOf(element) ? 'region' : '';
    if (tag === 'FORM') return nameOf(element) ? 'form' : '';
    return tagRoles[tag] ?? '';
  };

  const namedByContent = new Set(['button', 'cell', 'checkbox', 'columnheader', 'gridcell', 'heading', 'link',
    'menuitem', 'menuitemcheckbox', 'menuitemradio', 'option', 'radio', 'row', 'rowheader', 'switch', 'tab',
    'tooltip', 'treeitem']);
  const contentName = (node: Node): string => {
    let text = '';
    const children = node.nodeName === 'SLOT' ? (node as HTMLSlotElement).assignedNodes() : [];
    const shadow = (node as Element).shadowRoot;
    for (const child of children.length > 0 ? children : (shadow ?? node).childNodes) {
      if (child.nodeType === 3) text += child.nodeValue;
      if (child.nodeType !== 1) continue;
      const element = child as Element;
      if (skipped.has(element.nodeName) || element.getAttribute('aria-hidden') === 'true') continue;
      const style = getComputedStyle(element);
      if (style.display === 'none' || style.visibility !== 'visible') continue;
      const part = directName(element) || contentName(element);
      text += style.display.startsWith('inline') ? part : ` ${part} `;
    }
    return text;
  };
  const directName = (element: Element): string => {
    const label = squeeze(labels(element).join(' '));
    if (label) return label;
    if (element.nodeName === 'IMG' || element.nodeName === 'AREA') return element.getAttribute('alt') ?? '';
    if (element instanceof HTMLInputElement && /^(submit|button|reset|image)$/.test(element.type)) {
      return element.value || element.alt || { submit: 'Submit', reset: 'Reset' }[element.type] || '';
    }
    const owner = { FIELDSET: 'legend', TABLE: 'caption', FIGURE: 'figcaption' }[element.nodeName];
    const titled = owner && element.querySelector(`:scope > ${owner}`);
    if (titled) return fullText(titled);
    if (element.nodeName.toUpperCase() === 'SVG') return element.querySelector(':scope > title')?.textContent ?? '';
    return '';
  };
  function nameOf(element: Element): string {
    const direct = squeeze(directName(element));
    if (direct) return direct;
    const explicit = element.getAttribute('role') ?? '';
    const role = explicit || (/^(SECTION|FORM)$/.test(element.nodeName) ? '' : roleOf(element));
    const content = namedByContent.has(role) ? squeeze(contentName(element)) : '';
    return content || squeeze(element.getAttribute('title') ?? element.getAttribute('placeholder') ?? '');
  }

  const attributePasses = (actual: string, test: AttributeTest): boolean => {
    if (test.flags !== null) return new RegExp(String(test.value), test.flags).test(actual);
    const wanted = String(test.value);
    return test.exact ? actual === wanted : actual.toLowerCase().includes(wanted.toLowerCase());
  };

  const hiddenForAria = (element: Element): boolean => !element.checkVisibility()
    || getComputedStyle(element).visibility !== 'visible' || element.closest('[aria-hidden=true]') !== null;

  const state = (element: Element, name: string): string => {
    const aria = element.getAttribute(`aria-${name}`);
    const input = element as HTMLInputElement;
    if (name === 'checked') {
      return input.indeterminate ? 'mixed' : String(input.checked ?? (aria === 'mixed' ? aria : aria === 'true'));
    }
    if (name === 'selected') return String((element as HTMLOptionElement).selected ?? aria === 'true');
    if (name === 'disabled') return String(element.matches(':disabled') || !!element.closest('[aria-disabled=true]'));
    if (name === 'level') return aria ?? /^H([1-6])$/.exec(element.nodeName)?.[1] ?? '0';
    if (name === 'expanded' && element instanceof HTMLDetailsElement) return String(element.open);
    if (name === 'expanded') return aria ?? '';
    return aria ?? 'false';
  };

  const hasRole = (element: Element, role: string, tests: AttributeTest[]): boolean => {
    if (roleOf(element) !== role) return false;
    for (const test of tests) {
      if (test.name === 'include-hidden') continue;
      const passed = test.name === 'name' ? attributePasses(nameOf(element), test)
        : state(element, test.name) === String(test.value);
      if (!passed) return false;
    }
    const hiddenToo = tests.some(({ name, value }) => name === 'include-hidden' && String(value) === 'true');
    return hiddenToo || !hiddenForAria(element);
  };

  return { forget, hasText, isSmallest, labels, passes, attributePasses, hasRole };
}

export type TextTools = ReturnType<typeof textTools>;
