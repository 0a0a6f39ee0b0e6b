import type { YamlFile, YamlPath } from './yaml.ts';

/**
 * Returns where a key of the merged script stands: in the last file that has it. A profile replaces the script's phases as a
 * whole, so that those are its own as soon as it has any; of the plugin's settings it gives some and the script the others.
 */
export function locateIn(sources: readonly YamlFile[], path: YamlPath): string {
  const isSetting = path[1] === 'plugins';
  const depth = (file: YamlFile): number => held(file.value, isSetting ? path : path.slice(0, 2));
  const deepest = Math.max(0, ...sources.map(depth));
  const holder = isSetting || deepest === Math.min(2, path.length) ? sources.findLast((file) => depth(file) === deepest) : sources[0];
  return holder?.where(path) ?? path.join('.');
}

/** How many parts of the path lead to something. */
function held(value: unknown, path: YamlPath): number {
  let at = value;
  for (const [index, part] of path.entries()) {
    if (typeof at !== 'object' || at === null || !(part in at)) return index;
    at = (at as Record<string | number, unknown>)[part];
  }
  return path.length;
}
