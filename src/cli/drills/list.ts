import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../errors.ts';
import { askedDrillFiles, readDrillFiles } from '../../plan/drills.ts';
import { parseYaml } from '../../plan/yaml.ts';
import { harmless, wrap } from '../../report/text.ts';

const WIDEST = 110;

/** Returns the drills of a profile for people: name, title, hypothesis. Throws J_DRILL_INVALID with the faults of all files. */
export function listDrills(root: string, profile: string): string {
  const parsed = parseYaml(readFileSync(join(root, profile), 'utf8'), profile);
  if ('faults' in parsed) throw new CodedError('J_DRILL_INVALID', parsed.faults);
  const { config } = (parsed.file.value ?? {}) as { config?: { plugins?: { journeys?: { drills?: unknown } } } };
  const { read, faults } = readDrillFiles(askedDrillFiles(config?.plugins?.journeys?.drills), (file) => join(root, file));
  if (faults.length > 0) throw new CodedError('J_DRILL_INVALID', faults);
  return read.map(({ drill }) => [
    `${drill.name}  ${harmless(drill.title)}`, ...wrap(harmless(drill.hypothesis), WIDEST).map((line) => `  ${line}`),
  ].join('\n')).join('\n\n');
}
