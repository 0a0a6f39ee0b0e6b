import { count, counted, cut, harmless, padEnd, padStart } from '../../report/text.ts';
import type { TrafficSummary } from '../../replay/summary.ts';
import type { Imported } from '../../replay/import/import.ts';
import type { LogFile } from '../../replay/import/read-log.ts';
import type { ImportArguments } from './arguments.ts';

const LABEL = 10;
const SHOWN_FILES = 5;
const SHOWN_FAMILIES = 8;

/** Returns a length of time in the two units that say the most: `1 d 2 h`, `9 min 59 s`. */
export function span(ms: number): string {
  const units: [name: string, ms: number][] = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1_000]];
  const at = units.findIndex(([, unit]) => ms >= unit);
  if (at === -1) return `${Math.round(ms)} ms`;
  const [name, unit] = units[at] as [string, number];
  const rest = units[at + 1];
  const whole = Math.floor(ms / unit);
  const more = rest ? Math.floor((ms - whole * unit) / rest[1]) : 0;
  return more === 0 || !rest ? `${whole} ${name}` : `${whole} ${name} ${more} ${rest[0]}`;
}

/** Returns a size: `4.1 MB`. */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`;
}

const line = (label: string, text: string): string => ` ${padEnd(label, LABEL)} ${text}`.trimEnd();

/** What an import tells at its end. */
export interface ImportEnd {
  files: readonly LogFile[];
  imported: Imported;
  /** The fixture. */
  path: string;
  bytes: number;
  tookMs: number;
}

/** Returns what an import tells at its end. */
export function importLines(asked: ImportArguments, end: ImportEnd, columns: number): string[] {
  const { tally, requests, kinds, playable, durationMs, formats, files } = end.imported;
  const share = (part: number): string => percent(part, requests);
  const logBytes = end.files.reduce((sum, file) => sum + file.bytes, 0);
  const read = `${counted(end.files.length, 'file')} (${[...formats.keys()].join(', ')}), ${size(logBytes)}`;
  const path = harmless(end.path);
  const lines = [
    line('read', `${read}, ${counted(tally.lines, 'line')} in ${(end.tookMs / 1_000).toFixed(1)} s`),
    line('kept', `${counted(requests, 'request')} in ${span(durationMs)}: ${share(kinds.person)} by people, `
      + `${share(kinds.crawler)} by crawlers, ${share(kinds.other)} by other programs`),
    line('public', `${counted(playable, 'request')} (${share(playable)}) for pages that are public; `
      + 'those for others can be counted, not played'),
  ];
  for (const { why, count: left, examples } of tally.leftOut) {
    lines.push(line('left out', `${padStart(count(left), 9)}  ${why}`));
    for (const example of examples) lines.push(line('', `${' '.repeat(11)}such as  ${example}`));
  }
  const damaged = files.filter(({ damage }) => damage.length > 0);
  for (const { name, damage } of damaged.slice(0, SHOWN_FILES)) {
    lines.push(line('damaged', `${harmless(name)} ${damage.join('; ')}`));
  }
  if (damaged.length > SHOWN_FILES) lines.push(line('', `and ${counted(damaged.length - SHOWN_FILES, 'file')} more`));
  if (asked.keeps.length === 0) {
    lines.push(line('note', 'say which pages are public, so that they can be played: --keep /find/:slug,/search'));
  }
  if (asked.keyFile !== null) {
    const danger = 'who has it can tell whether an address is in the fixture. Keep it secret';
    lines.push(line('key', `${harmless(asked.keyFile)}: ${danger}`));
  }
  lines.push(line('wrote', `${path} (${size(end.bytes)})`), line('next', `npm run replay -- show ${path}`));
  return lines.map((text) => cut(text, columns));
}

/** Returns what is in a fixture, for people. */
export function summaryLines(fixture: string, summary: TrafficSummary, columns: number): string[] {
  const { header, kinds, families, referrers, hottest, requestsPerSecond: rate } = summary;
  const total = header.requests;
  const who = (kind: keyof typeof kinds, name: string): string =>
    `${percent(kinds[kind].requests, total)} by ${counted(kinds[kind].visitors, name)}`;
  const listed = (label: string, entries: [number: number, text: string][]): string[] =>
    entries.map(([number, text], index) =>
      line(index === 0 ? label : '', `${padStart(count(number), 9)}  ${harmless(text)}`));
  const isSynthetic = header.source === 'synthetic';
  const source = isSynthetic ? 'synthetic, nobody ever asked for any of it' : `imported from ${header.source}`;
  const average = rate === null ? '–' : `${rate.toFixed(rate < 10 ? 1 : 0)} a second`;
  const shown = families.slice(0, SHOWN_FAMILIES);
  const agents = shown.map(({ family, requests }) => `${family} ${percent(requests, total)}`);
  const from = referrers.map(({ host, requests }) => `${host} ${count(requests)}`);
  const lines = [
    line('fixture', `${harmless(fixture)}: ${source}`),
    line('requests', `${count(total)} in ${span(header.durationMs)}: ${who('person', 'visitor')} (people), `
      + `${who('crawler', 'crawler')}, ${who('other', 'program')}`),
    line('rate', `${average} on average, ${summary.busiestPerSecond.toFixed(1)} in the busiest ten seconds; `
      + `longest silence ${span(summary.longestSilenceMs)}`),
    line('pages', `${count(summary.pages)} different; ${count(summary.pagesOfFourFifths)} draw 80 % of the requests`),
    line('revisits', `${percent(summary.revisits, kinds.person.requests)} of what people asked for they had before`),
    line('refused', `${count(summary.refusals)} answered with a status of 400 or above`),
    line('agents', harmless(agents.join(', '))),
    line('from', from.length === 0 ? 'nowhere: no referrers' : harmless(from.join(', '))),
    line('public', header.kept.length === 0 ? 'no pages: all of them are hashed' : harmless(header.kept.join('  '))),
    ...listed('left out', Object.entries(header.skipped).map(([why, number]) => [number, why])),
    '',
    ...listed('hottest', hottest.map(({ path, requests }) => [requests, path])),
  ];
  return lines.map((text) => cut(text, columns));
}
