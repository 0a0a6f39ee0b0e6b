/**
 * The pages that Prometheus scrapes: text format 0.0.4, and what OpenMetrics 1.0 adds to it. Our own parser: the
 * library for it (parse-prometheus-text-format) takes a page as one string, however large.
 */
import { unquote } from '../../model/kpi-selector.ts';

/** One series of a page. */
export interface Sample {
  name: string;
  labels: ReadonlyMap<string, string>;
  /** May be NaN or infinite. */
  value: number;
  /** When its exporter measured it (epoch); null for "now", as nearly always. */
  timestampMs: number | null;
}

export interface MetricsPage {
  samples: Sample[];
  /** `counter`, `gauge`, `histogram`, …, by name as in the page's TYPE lines. */
  types: ReadonlyMap<string, string>;
}

/** The text is no metrics page, or only a part of one. */
export class NotAMetricsPage extends Error {}

/** A longer line is no sample; it also bounds what is kept between two pieces of a page. */
const LONGEST_LINE = 1_000_000;
const SHOWN = 40;

const NAME = /[a-zA-Z_:][\w:]*/y;
const LABEL = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"([^"\\]*(?:\\.[^"\\]*)*)"[ \t]*(?:,|(?=\}))/ys;
const LABELS_END = /[ \t]*\}/y;
/** Value, time stamp, and an exemplar, which is passed over. */
const REST = /[ \t]*([^\s#{}"]+)(?:[ \t]+([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))?[ \t]*(?:# \{.*)?\r?$/ys;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const TYPE = /^#[ \t]+TYPE[ \t]+(\S+)[ \t]+(\w+)[ \t\r]*$/;

export interface PageOptions {
  /** The samples to keep; the others are read, so that a page's form is checked as a whole, and dropped. */
  wanted: (name: string) => boolean;
  /** Time stamps are in seconds, and the page says where it ends. */
  openMetrics?: boolean;
}

/** Takes a page piece by piece, so that no page need fit into memory. Each method throws NotAMetricsPage. */
export class PageParser {
  readonly #options: PageOptions;
  readonly #samples: Sample[] = [];
  readonly #types = new Map<string, string>();
  #rest = '';
  #lines = 0;
  #ended = false;

  constructor(options: PageOptions) {
    this.#options = options;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
    if (this.#rest.length > LONGEST_LINE) throw new NotAMetricsPage(`line ${this.#lines + 1} does not end`);
  }

  /** Returns what was wanted of the page. A page without its last line break was cut: `12` may have been `123`. */
  end(): MetricsPage {
    if (this.#rest.trim() !== '') {
      this.#line(this.#rest);
      throw new NotAMetricsPage('it is cut short: its last line does not end');
    }
    if (this.#options.openMetrics && !this.#ended) throw new NotAMetricsPage('it is cut short: it has no "# EOF"');
    return { samples: this.#samples, types: this.#types };
  }

  #line(line: string): void {
    this.#lines += 1;
    if (line.startsWith('#')) this.#comment(line);
    else if (line.trim() !== '') this.#sample(line);
  }

  #comment(line: string): void {
    if (/^# EOF\s*$/.test(line)) this.#ended = true;
    const [, name, type] = TYPE.exec(line) ?? [];
    if (name === undefined || type === undefined) return;
    const { wanted } = this.#options;
    // In OpenMetrics the counter `x` has the sample `x_total`.
    if (wanted(name) || wanted(`${name}_total`)) this.#types.set(name, type);
  }

  #sample(line: string): void {
    NAME.lastIndex = 0;
    const name = NAME.exec(line)?.[0];
    if (name === undefined) return this.#refuse(line);
    let at = name.length;
    const labels = new Map<string, string>();
    const afterName = line.slice(at).trimStart();
    if (afterName.startsWith('{')) {
      at = line.length - afterName.length + 1;
      for (let label = labelAt(line, at); label; label = labelAt(line, at)) {
        labels.set(label.name, label.value);
        at = label.end;
      }
      LABELS_END.lastIndex = at;
      if (!LABELS_END.test(line)) return this.#refuse(line);
      at = LABELS_END.lastIndex;
    } else if (!/^[ \t]/.test(line.slice(at, at + 1))) return this.#refuse(line);
    REST.lastIndex = at;
    const [, written, time] = REST.exec(line) ?? [];
    const value = written === undefined ? null : numberOf(written);
    if (value === null) return this.#refuse(line);
    if (!this.#options.wanted(name)) return;
    const timestampMs = time === undefined ? null : Number(time) * (this.#options.openMetrics ? 1_000 : 1);
    this.#samples.push({ name, labels, value, timestampMs });
  }

  #refuse(line: string): never {
    const shown = line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
    throw new NotAMetricsPage(`line ${this.#lines} is ${JSON.stringify(shown.trim())}`);
  }
}

function labelAt(line: string, at: number): { name: string; value: string; end: number } | null {
  LABEL.lastIndex = at;
  const [, name, quoted] = LABEL.exec(line) ?? [];
  return name === undefined || quoted === undefined ? null : { name, value: unquote(quoted), end: LABEL.lastIndex };
}

/** Returns the number that a metrics page or a Prometheus server wrote, NaN and infinities too; null for no number. */
export function numberOf(written: string): number | null {
  if (NUMBER.test(written)) return Number(written);
  if (/^[+-]?nan$/i.test(written)) return Number.NaN;
  const infinite = INFINITE.exec(written);
  return infinite ? (infinite[1] === '-' ? -Infinity : Infinity) : null;
}
