/** A metric name with label matchers, as in PromQL: `cache_requests_total{result="hit",cache!~"page|asset"}`. */
export interface Selector {
  name: string;
  /** True where the labels of a series fit; a label that a series does not have is empty, as in PromQL. */
  matches: (labels: ReadonlyMap<string, string>) => boolean;
}

const WHOLE = /^([a-zA-Z_:][\w:]*)(?:\{([^{}]*)\})?$/;
const MATCHER = /\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"([^"\\]*(?:\\.[^"\\]*)*)"\s*(?:,|$)/ys;

/** Returns the selector that a text stands for. Throws an Error that says what is wrong with it. */
export function parseSelector(text: string): Selector {
  const [, name, inner = ''] = WHOLE.exec(text.trim()) ?? [];
  if (name === undefined) throw new Error(`"${text}" is not a metric such as name or name{label="value"}`);
  const tests: Selector['matches'][] = [];
  let at = 0;
  while (inner.slice(at).trim() !== '') {
    MATCHER.lastIndex = at;
    const [, label, operator, quoted] = MATCHER.exec(inner) ?? [];
    if (label === undefined || operator === undefined || quoted === undefined) {
      throw new Error(`"${inner.slice(at).trim()}" in "${text}" is not a label matcher such as label="value"`);
    }
    at = MATCHER.lastIndex;
    tests.push(testOf(label, operator, unquote(quoted)));
  }
  return { name, matches: (labels) => tests.every((test) => test(labels)) };
}

function testOf(label: string, operator: string, wanted: string): Selector['matches'] {
  // PromQL's patterns match the whole value, line breaks included.
  const pattern = operator.endsWith('~') ? new RegExp(`^(?:${wanted})$`, 's') : null;
  const positive = operator.startsWith('=');
  return (labels) => {
    const value = labels.get(label) ?? '';
    return (pattern === null ? value === wanted : pattern.test(value)) === positive;
  };
}

/** Returns what a quoted label value stands for. In PromQL too, so that a pattern's backslash stands twice: `\\d+`. */
export function unquote(text: string): string {
  return text.replace(/\\([n"\\])/g, (_, mark: string) => (mark === 'n' ? '\n' : mark));
}
