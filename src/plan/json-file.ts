import type { Fault } from '../errors.ts';
import { parseYaml, pathText, visible, type YamlFile } from './yaml.ts';

/**
 * Parses a JSON file that still knows where everything stood. JSON is YAML, so YAML's parser gives the lines, and finds keys
 * that stand twice, which JSON takes in silence; it is too slow for files above its limit, whose places are named by key.
 * Returns the file with the faults found so far, or the faults alone where it is no JSON. Never throws.
 */
export function openJson(text: string, fileName: string): { file: YamlFile; faults: Fault[] } | { faults: Fault[] } {
  // Editors on Windows write a byte order mark.
  const clean = text.replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = JSON.parse(clean);
  } catch (thrown) {
    return { faults: [syntaxFault(clean, fileName, thrown as Error)] };
  }
  const parsed = parseYaml(clean, fileName);
  if ('file' in parsed) return { file: { ...parsed.file, value }, faults: [] };
  const twice = parsed.faults.filter(({ message }) => /must be unique/.test(message));
  return { file: byKeys(value, fileName), faults: twice.map((fault) => ({ ...fault, message: 'a key stands twice' })) };
}

function syntaxFault(text: string, fileName: string, error: Error): Fault {
  if (text.trim() === '') return { where: `${fileName}:1:1`, message: 'the file is empty' };
  const said = visible(error.message);
  const found = /^(.*?) in JSON at position (\d+)/.exec(said);
  const position = found ? Number(found[2]) : /^Unexpected end/.test(said) ? text.length : null;
  // Where the engine names no position, its message quotes what stands around the place.
  if (position === null) return { where: fileName, message: `not JSON: ${said}` };
  const before = text.slice(0, position).split('\n');
  return { where: `${fileName}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`, message: `not JSON: ${found?.[1] ?? said}` };
}

function byKeys(value: unknown, fileName: string): YamlFile {
  const where: YamlFile['where'] = (path) => `${fileName} ${pathText(path)}`.trimEnd();
  return { fileName, value, where, whereKey: where, position: pathText };
}
