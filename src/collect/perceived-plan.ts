import { createRequire } from 'node:module';
import type { Frame, Locator } from 'playwright';
import type { AttributeTest, CssComplex, PlanPart, TextTest } from '../probe/plan.ts';

// Playwright's own parser. Neither it nor `_selector` is public: the contract test in perceived.test.ts fails the
// day one of them goes, and until then a missing one gives a reason instead of a number.
interface ParsedPart { name: string; source: string; body: unknown }
interface ParsedAttribute { name: string; op: string; value: unknown; caseSensitive: boolean }
interface Parser {
  parseSelector(selector: string): { parts: ParsedPart[]; capture?: number };
  parseAttributeSelector(selector: string, quoted: boolean): { name: string; attributes: ParsedAttribute[] };
}
const loaded = createRequire(import.meta.url)('playwright-core/lib/coreBundle') as { iso?: Parser };

class Unsupported extends Error {}

const nativeFunctions = new Set(['not', 'is', 'where', 'has']);
const ownFunctions = new Set([...nativeFunctions, 'visible', 'has-text', 'text', 'text-is', 'text-matches']);

/** The css body's functions that a page knows only from us. */
function foreignFunctions(body: CssComplex[]): string[] {
  return body.flatMap((complex) => complex.simples).flatMap(({ selector }) => selector.functions).flatMap((fn) => [
    ...(nativeFunctions.has(fn.name) ? [] : [fn.name]),
    ...foreignFunctions(fn.args.filter((arg) => typeof arg !== 'string')),
  ]);
}

/** getByText's argument in its selector form: "x"i contains, "x"s or "x" whole, /x/i regular expression. */
function textTest(body: string, internal: boolean): TextTest {
  const squeezed = (text: string): string => text.replace(/[\u200b\u00ad]/g, '').trim().replace(/\s+/g, ' ');
  const regex = /^\/(.*)\/([a-z]*)$/s.exec(body);
  if (regex) return { kind: 'regex', text: regex[1] ?? '', flags: (regex[2] ?? '').replace(/[gy]/g, '') };
  const quoted = /^(["'])(.*)\1([is]?)$/s.exec(body);
  if (!quoted) return { kind: 'lax', text: squeezed(body).toLowerCase(), flags: '' };
  const inner = quoted[1] === '"' ? String(JSON.parse(`"${quoted[2]}"`)) : quoted[2] ?? '';
  if (quoted[3] === 'i') return { kind: 'lax', text: squeezed(inner).toLowerCase(), flags: '' };
  return { kind: internal ? 'full' : 'immediate', text: squeezed(inner), flags: '' };
}

function attributeTest(attribute: ParsedAttribute): AttributeTest {
  const { name, op, value, caseSensitive } = attribute;
  if (op !== '=' && op !== '<truthy>') throw new Unsupported(`attribute operator ${op}`);
  if (value instanceof RegExp) {
    return { name, value: value.source, flags: value.flags.replace(/[gy]/g, ''), exact: false };
  }
  return { name, value: op === '<truthy>' ? true : String(value), flags: null, exact: caseSensitive };
}

function planPart(parser: Parser, part: ParsedPart): PlanPart[] {
  const text = String(part.body);
  const nested = (): PlanPart[] => (part.body as { parsed: { parts: ParsedPart[] } }).parsed.parts
    .flatMap((one) => planPart(parser, one));
  switch (part.name) {
    case 'css': {
      const body = part.body as CssComplex[];
      const foreign = foreignFunctions(body);
      const unknown = foreign.find((name) => !ownFunctions.has(name));
      if (unknown) throw new Unsupported(`:${unknown}()`);
      return [{ k: 'css', source: part.source, native: foreign.length === 0, body }];
    }
    case 'internal:text': return [{ k: 'text', test: textTest(text, true), outermost: false }];
    case 'text': {
      const test = textTest(text, false);
      return [{ k: 'text', test, outermost: test.kind === 'immediate' }];
    }
    case 'internal:has-text': return [{ k: 'hasText', test: textTest(text, true), not: false }];
    case 'internal:has-not-text': return [{ k: 'hasText', test: textTest(text, true), not: true }];
    case 'internal:label': return [{ k: 'label', test: textTest(text, true) }];
    case 'internal:attr': case 'internal:testid': {
      const attribute = parser.parseAttributeSelector(text, true).attributes[0];
      if (!attribute) throw new Unsupported(text);
      return [{ k: 'attr', names: attribute.name.split(',').map((n) => n.trim()), test: attributeTest(attribute) }];
    }
    case 'id': case 'data-testid': case 'data-test-id': case 'data-test':
      return [{ k: 'attr', names: [part.name], test: { name: part.name, value: text, flags: null, exact: true } }];
    case 'role': case 'internal:role': {
      const { name, attributes } = parser.parseAttributeSelector(text, true);
      return [{ k: 'role', role: name.toLowerCase(), tests: attributes.map(attributeTest) }];
    }
    case 'xpath': return [{ k: 'xpath', expression: text.startsWith('/') ? `.${text}` : text }];
    case 'nth': return [{ k: 'nth', index: Number(text) }];
    case 'visible': return [{ k: 'visible', want: text === 'true' }];
    case 'internal:has': return [{ k: 'has', not: false, parts: nested() }];
    case 'internal:has-not': return [{ k: 'has', not: true, parts: nested() }];
    case 'internal:and': return [{ k: 'and', parts: nested() }];
    case 'internal:or': return [{ k: 'or', parts: nested() }];
    case 'internal:chain': return [{ k: 'chain', parts: nested() }];
    case 'internal:describe': return [];
    default: throw new Unsupported(part.name);
  }
}

export interface Awaited {
  parts: PlanPart[];
  /** the document that holds the element; null where it is in an iframe, which only Playwright can find */
  frame: Frame | null;
}

/** What the page has to look for (the part after the last iframe, found in its own document), or why it cannot. */
export function planOf(until: Locator): Awaited | { reason: string } {
  const { _selector: selector, _frame: frame } = until as unknown as { _selector?: unknown; _frame?: Frame };
  const parser = loaded.iso;
  if (typeof selector !== 'string' || !frame || !parser?.parseSelector) {
    return { reason: 'this Playwright version does not say what a locator looks for' };
  }
  try {
    const parsed = parser.parseSelector(selector);
    if (parsed.capture !== undefined) throw new Unsupported('* (capture)');
    const enter = parsed.parts.findLastIndex((part) => part.name === 'internal:control');
    const parts = parsed.parts.slice(enter + 1).flatMap((part) => planPart(parser, part));
    return { parts, frame: enter < 0 ? frame : null };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { reason: `the page cannot follow this locator: ${what}` };
  }
}
