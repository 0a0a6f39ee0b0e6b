import type { CssComplex, CssFunction, CssSimple, PlanPart, TextTest } from './plan.ts';
import type { TextTools } from './text.ts';

/**
 * Follows a plan (plan.ts) in the page: which elements does the locator mean now, and which of them can be seen.
 * Self-contained: it is sent to the page as text.
 *
 * Why not Playwright's own selector engine in the page: it cannot be reached from there, and carrying its 310 kB
 * into each document cost 7 to 9 ms of CPU a document (measured: 166 against 193 ms a journey of two loads).
 */
export function finder(text: TextTools) {
  type Scope = Document | DocumentFragment | Element;

  /** All elements below `scope`, through open shadow roots; `roots`, where given, collects these roots. */
  const below = (scope: Scope, roots?: Set<ShadowRoot>): Element[] => {
    const found: Element[] = [];
    const own = (scope as Element).shadowRoot;
    if (own) { roots?.add(own); found.push(...below(own, roots)); }
    for (const element of scope.querySelectorAll('*')) {
      found.push(element);
      if (element.shadowRoot) { roots?.add(element.shadowRoot); found.push(...below(element.shadowRoot, roots)); }
    }
    return found;
  };

  const parentOf = (element: Element): Element | null => element.parentElement
    ?? ((element.parentNode as ShadowRoot | null)?.host ?? null);

  const boxed = (element: Element): boolean => {
    const style = getComputedStyle(element);
    if (style.display === 'contents') {
      return [...element.childNodes].some((child) => {
        if (child.nodeType === 1) return boxed(child as Element);
        if (child.nodeType !== 3) return false;
        const range = document.createRange();
        range.selectNode(child);
        const box = range.getBoundingClientRect();
        return box.width > 0 && box.height > 0;
      });
    }
    if (!element.checkVisibility() || style.visibility !== 'visible') return false;
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  };

  const squeezed = (value: string): string => value.trim().replace(/\s+/g, ' ');
  const lax = (value: string): TextTest => ({ kind: 'lax', text: squeezed(value).toLowerCase(), flags: '' });

  const call = (element: Element, fn: CssFunction): boolean => {
    const [arg = '', flags = ''] = fn.args.filter((one) => typeof one === 'string');
    switch (fn.name) {
      case 'not': return !(fn.args as CssComplex[]).some((complex) => fits(element, complex));
      case 'is': case 'where': return (fn.args as CssComplex[]).some((complex) => fits(element, complex));
      case 'has': return below(element).some((one) => (fn.args as CssComplex[]).some((complex) => fits(one, complex)));
      case 'visible': return boxed(element);
      case 'has-text': return text.hasText(element, lax(arg));
      case 'text': return text.isSmallest(element, lax(arg));
      case 'text-is': return text.hasText(element, { kind: 'immediate', text: squeezed(arg), flags: '' });
      default: return text.isSmallest(element, { kind: 'regex', text: arg, flags });
    }
  };

  const fitsSimple = (element: Element, simple: CssSimple): boolean => (!simple.selector.css
    || element.matches(simple.selector.css)) && simple.selector.functions.every((fn) => call(element, fn));

  /** A complex selector, from its last compound back, across shadow boundaries as Playwright's css does. */
  const fits = (element: Element, complex: CssComplex, at = complex.simples.length - 1): boolean => {
    const simple = complex.simples[at];
    if (!simple || !fitsSimple(element, simple)) return false;
    const before = complex.simples[at - 1];
    if (!before) return true;
    const next = before.combinator === '+' || before.combinator === '~'
      ? (one: Element) => one.previousElementSibling : parentOf;
    for (let one = next(element); one; one = next(one)) {
      if (fits(one, complex, at - 1)) return true;
      if (before.combinator === '+' || before.combinator === '>') return false;
    }
    return false;
  };

  /** The smallest elements that contain a text: where an element does not contain it, nothing below does. */
  const carriers = (scope: Scope, test: TextTest): Element[] => {
    if (scope.nodeType === 1 && !text.hasText(scope as Element, test)) return [];
    const inside = [...scope.children, ...((scope as Element).shadowRoot?.children ?? [])];
    const found = inside.flatMap((child) => carriers(child, test));
    return found.length === 0 && scope.nodeType === 1 ? [scope as Element] : found;
  };

  const apply = (scope: Scope, part: PlanPart, pierced: boolean): Element[] => {
    const itself = (yes: boolean): Element[] => (scope.nodeType === 1 && yes ? [scope as Element] : []);
    switch (part.k) {
      case 'css':
        if (part.native && !pierced) return [...scope.querySelectorAll(part.source)];
        return below(scope).filter((one) => part.body.some((complex) => fits(one, complex)));
      case 'text':
        if (part.test.kind === 'lax') return carriers(scope, part.test);
        return [...itself(true), ...below(scope)]
          .filter((one) => (part.outermost ? text.hasText(one, part.test) : text.isSmallest(one, part.test)));
      case 'hasText': return itself(text.hasText(scope as Element, part.test) !== part.not);
      case 'label':
        return below(scope).filter((one) => text.labels(one).some((label) => text.passes(label, part.test)));
      case 'attr':
        return below(scope).filter((one) => part.names.some((name) => one.hasAttribute(name)
          && text.attributePasses(one.getAttribute(name) ?? '', part.test)));
      case 'role': return below(scope).filter((one) => text.hasRole(one, part.role, part.tests));
      case 'visible': return itself(scope.nodeType === 1 && boxed(scope as Element) === part.want);
      case 'has': return itself(find(part.parts, scope).length > 0 !== part.not);
      case 'chain': return find(part.parts, scope);
      case 'xpath': {
        const hits = document.evaluate(part.expression, scope, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE);
        return Array.from({ length: hits.snapshotLength }, (_, i) => hits.snapshotItem(i))
          .filter((node) => node instanceof Element);
      }
      default: return [];
    }
  };

  function find(parts: PlanPart[], root: Scope, pierced = false): Element[] {
    let current: Scope[] = [root];
    for (const part of parts) {
      if (part.k === 'nth') {
        current = part.index < 0 ? current.slice(-1) : current.slice(part.index, part.index + 1);
      } else if (part.k === 'and') {
        const both = new Set<Scope>(find(part.parts, root, pierced));
        current = current.filter((one) => both.has(one));
      } else if (part.k === 'or') {
        current = [...new Set<Scope>([...current, ...find(part.parts, root, pierced)])].sort((a, b) =>
          (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
      } else current = [...new Set<Scope>(current.flatMap((scope) => apply(scope, part, pierced)))];
    }
    return current.filter((one): one is Element => one.nodeType === 1);
  }

  /** All open shadow roots of the document. */
  const shadowRoots = (): Set<ShadowRoot> => {
    const roots = new Set<ShadowRoot>();
    below(document, roots);
    return roots;
  };

  /** The elements the plan means now, piercing the shadow roots given (see shadowRoots). */
  const matches = (parts: PlanPart[], roots: Set<ShadowRoot>): Element[] => {
    text.forget();
    return find(parts, document, roots.size > 0);
  };

  return { matches, boxed, shadowRoots };
}

export type Finder = ReturnType<typeof finder>;
