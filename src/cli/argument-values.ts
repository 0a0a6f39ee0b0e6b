import type { CodedError } from '../errors.ts';
import { toSeconds } from '../plan/script.ts';

/** Makes the J_USAGE of one command. */
type Usage = (message: string) => CodedError;

const DAY_MS = 86_400_000;

/** Returns the names of `--journeys a,b`, each once. Throws the command's J_USAGE where there are none. */
export function readNames(list: string, usage: Usage): string[] {
  const names = [...new Set(list.split(',').map((name) => name.trim()).filter((name) => name !== ''))];
  if (names.length === 0) throw usage('--journeys wants names of journeys, with commas between them');
  return names;
}

/** Returns a length such as `5m` in milliseconds. Throws the command's J_USAGE for another form, or one out of the range. */
export function readDurationMs(option: string, text: string, [leastMs, mostMs]: readonly [number, number], usage: Usage): number {
  const ms = Math.round((toSeconds(text) ?? NaN) * 1_000);
  if (ms >= leastMs && ms <= mostMs) return ms;
  throw usage(`${option} ${JSON.stringify(text)}: a length such as 30s, 5m or 1h, from ${inWords(leastMs)} to ${inWords(mostMs)}`);
}

function inWords(ms: number): string {
  const days = ms / DAY_MS;
  if (Number.isInteger(days) && days > 0) return days === 1 ? 'a day' : `${days} days`;
  return `${ms / 1_000}s`;
}
