import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type { Fault } from '../errors.ts';

export type YamlPath = readonly (string | number)[];

/** A parsed YAML file that still knows where everything stood. */
export interface YamlFile {
  readonly fileName: string;
  readonly value: unknown;
  /** Returns `slo.yml:12:5 gates[3].max`; what is missing is placed at the nearest thing above it. */
  where(path: YamlPath): string;
  /** The same, at the key instead of its value. */
  whereKey(path: YamlPath): string;
  /** Returns `12:5`, for naming a second place in a message. */
  position(path: YamlPath): string;
}

/** Larger than any file a person writes; a bigger one is a mistake (a log, say) and would take seconds to parse. */
const MAX_BYTES = 256 * 1024;
/** Resolved alias nodes; the parser's own guard against files that expand to gigabytes ("billion laughs"). */
const MAX_ALIASES = 100;
const MAX_SYNTAX_FAULTS = 10;

/** Returns text with everything that a terminal would act on, or that would hide in it, written as an escape. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Returns a path as people write it: `gates[3].max`. */
export function pathText(path: YamlPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const word = /^[\w-]+$/.test(part) ? part : visible(JSON.stringify(part));
      return index === 0 ? word : `.${word}`;
    })
    .join('');
}

interface Located {
  value: Node | null;
  key: Node | null;
}

function locate(document: Document, path: YamlPath): Located {
  let found: Located = { value: document.contents, key: null };
  for (const part of path) {
    let at: Node | null = found.value;
    if (isAlias(at)) at = at.resolve(document) ?? null;
    if (isMap(at)) {
      const pair = at.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (!pair) return found;
      const key = pair.key as Node;
      found = { key, value: (pair.value as Node | null) ?? key };
    } else if (isSeq(at)) {
      const item = at.items[Number(part)] as Node | undefined;
      if (!item) return found;
      found = { key: item, value: item };
    } else {
      return found;
    }
  }
  return found;
}

/**
 * Parses one YAML document. Never throws: returns either the file or its faults (syntax, duplicate keys, unknown tags,
 * aliases that explode, several documents, an empty or a huge file).
 */
export function parseYaml(text: string, fileName: string): { file: YamlFile } | { faults: Fault[] } {
  const whole = (message: string, hint?: string): { faults: Fault[] } => ({
    faults: [{ where: `${fileName}:1:1`, message, ...(hint === undefined ? {} : { hint }) }],
  });
  if (Buffer.byteLength(text) > MAX_BYTES) return whole(`the file is larger than ${MAX_BYTES / 1024} KiB`);
  if (text.includes('\0')) return whole('the file is not text (it holds NUL characters)');
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
    const syntax = [...document.errors, ...document.warnings];
    if (syntax.length > 0) {
      const shown = syntax.slice(0, MAX_SYNTAX_FAULTS).map((error): Fault => {
        const { line, col } = lines.linePos(error.pos[0]);
        return { where: `${fileName}:${line}:${col}`, message: visible(error.message.split('\n')[0] ?? error.code) };
      });
      const more = syntax.length - shown.length;
      if (more > 0) shown.push({ where: fileName, message: `and ${more} more faults of syntax` });
      return { faults: shown };
    }
    if (document.contents === null) return whole('the file is empty');
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    const at = (node: Node | null): string => {
      const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
      return `${line}:${col}`;
    };
    const place = (position: string, path: YamlPath): string => `${fileName}:${position} ${pathText(path)}`.trimEnd();
    return {
      file: {
        fileName,
        value,
        where: (path) => place(at(locate(document, path).value), path),
        whereKey: (path) => {
          const { key, value: node } = locate(document, path);
          return place(at(key ?? node), path);
        },
        position: (path) => at(locate(document, path).value),
      },
    };
  } catch (thrown) {
    // Too many aliases, or nesting deeper than the stack: both only ever mean a hostile or a broken file.
    const reason = thrown instanceof RangeError ? 'the file is nested too deeply' : (thrown as Error).message;
    return whole(reason.split('\n')[0] ?? reason);
  }
}
