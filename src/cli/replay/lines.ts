import { count, counted, cut, harmless, padEnd, padStart } from '../../report/text.ts';
import type { TrafficSummary } from '../../replay/summary.ts';
import type { Imported } from '../../replay/import/import.ts';
import type { LogFile } from '../../replay/import/read-log.ts';
import type { ImportArguments } from './arguments.ts';

const LABEL = 10;
const SHOWN_FILES = 5;

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

/** Returns what an import tells at its end. */
export function importLines(
  asked: ImportArguments, files: readonly LogFile[], imported: Imported, wrote: { path: string; bytes: number }, tookMs: number, columns: number,
): string[] {
  const { tally, requests, kinds, playable, durationMs } = imported;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const formats = [...imported.formats.keys()].join(', ');
  const lines = [
    line('read', `${counted(files.length, 'file')} (${formats}), ${size(bytes)}, ${counted(tally.lines, 'line')} in ${(tookMs / 1_000).toFixed(1)} s`),
    line('kept', `${counted(requests, 'request')} in ${span(durationMs)}: ${percent(kinds.person, requests)} by people, `
      + `${percent(kinds.crawler, requests)} by crawlers, ${percent(kinds.other, requests)} by other programs`),
    line('public', `${counted(playable, 'request')} (${percent(playable, requests)}) for pages that are public; those for others can be counted, not played`),
  ];
  for (const { why, count: left, examples } of tally.leftOut) {
    lines.push(line('left out', `${padStart(count(left), 9)}  ${why}`));
    for (const example of examples) lines.push(line('', `${' '.repeat(11)}such as  ${example}`));
  }
  const damaged = imported.files.filter(({ damage }) => damage.length > 0);
  for (const { name, damage } of damaged.slice(0, SHOWN_FILES)) lines.push(line('damaged', `${harmless(name)} ${damage.join('; ')}`));
  if (damaged.length > SHOWN_FILES) lines.push(line('', `and ${counted(damaged.length - SHOWN_FILES, 'file')} more`));
  if (asked.keeps.length === 0) lines.push(line('note', 'say which pages are public, so that they can be played: --keep /find/:slug,/search'));
  if (asked.keyFile !== null) {
    lines.push(line('key', `${harmless(asked.keyFile)}: who has it can tell by trying whether an address is in the fixture. Keep it secret`));
  }
  lines.push(line('wrote', `${harmless(wrote.path)} (${size(wrote.bytes)})`), line('next', `npm run replay -- show ${harmless(wrote.path)}`));
  return lines.map((text) => cut(text, columns));
}

/** Returns what is in a fixture, for people. */
export function summaryLines(fixture: string, summary: TrafficSummary, columns: number): string[] {
  const { header, kinds, families, referrers, hottest } = summary;
  const total = header.requests;
  const who = (kind: keyof typeof kinds, name: string): string => `${percent(kinds[kind].requests, total)} by ${counted(kinds[kind].visitors, name)}`;
  const rate = summary.requestsPerSecond;
  const left = Object.entries(header.skipped);
  const lines = [
    line('fixture', `${harmless(fixture)}: ${header.source === 'synthetic' ? 'synthetic, nobody ever asked for any of it' : `imported from ${header.source}`}`),
    line('requests', `${count(total)} in ${span(header.durationMs)}: ${who('person', 'visitor')} (people), ${who('crawler', 'crawler')}, ${who('other', 'program')}`),
    line('rate', `${rate === null ? '–' : `${rate.toFixed(rate < 10 ? 1 : 0)} a second`} on average, ${summary.busiestPerSecond.toFixed(1)} in the busiest ten seconds; `
      + `longest silence ${span(summary.longestSilenceMs)}`),
    line('pages', `${count(summary.pages)} different; ${count(summary.pagesOfFourFifths)} of them draw 80 % of the requests`),
    line('revisits', `${percent(summary.revisits, kinds.person.requests)} of what people asked for they had before`),
    line('refused', `${count(summary.refusals)} answered with a status of 400 or above`),
    line('agents', families.slice(0, 8).map(({ family, requests }) => `${harmless(family)} ${percent(requests, total)}`).join(', ')),
    line('from', referrers.length === 0 ? 'nowhere: no referrers' : referrers.map(({ host, requests }) => `${harmless(host)} ${count(requests)}`).join(', ')),
    line('public', header.kept.length === 0 ? 'no pages: nothing was kept, all of them are hashed' : header.kept.map(harmless).join('  ')),
    ...left.map(([why, number], index) => line(index === 0 ? 'left out' : '', `${padStart(count(number), 9)}  ${harmless(why)}`)),
    '',
    ...hottest.map(({ path, requests }, index) => line(index === 0 ? 'hottest' : '', `${padStart(count(requests), 9)}  ${harmless(path)}`)),
  ];
  return lines.map((text) => cut(text, columns));
}
