import type { PrivacyReport } from '../../model/index.ts';
import { count, counted, harmless } from '../../report/text.ts';

/** More of them scroll the verdict off the screen. */
const MOST_SHOWN = 8;

/** Returns what people see of a scan: one line where nothing was found, else the finds, masked, with their places. */
export function privacyLines(report: PrivacyReport, folder: string): string[] {
  const { publishing, files, bytes, finds, found, unread, pictures, allowed } = report;
  const where = `in ${counted(files, 'file')} (${size(bytes)})`;
  const eyes = pictures === 0 ? '' : ` · ${counted(pictures, 'picture')} beside, which nobody can read for text`;
  const passed = allowed.length === 0 ? '' : ` · let pass by PRIVACY_ALLOW: ${allowed.map(harmless).join(', ')}`;
  if (publishing === 'GO') return [`privacy  nothing found ${where}${eyes}${passed}`];
  const finding = found === 0 ? `nothing found ${where}` : `${counted(found, 'find')} ${where}`;
  const blind = unread.length === 0 ? '' : `, ${counted(unread.length, 'file')} not read`;
  const rest = found - Math.min(finds.length, MOST_SHOWN);
  return [
    `privacy  NO-GO for publishing: ${finding}${blind}${eyes}${passed}`,
    ...finds.slice(0, MOST_SHOWN).map(({ kind, file, line, masked }) =>
      `  ${kind.padEnd(6)}  ${harmless(masked)}   ${harmless(file)}${line === null ? '' : `:${line}`}`),
    ...(rest > 0 ? [`  and ${count(rest)} more: ${harmless(folder)}/privacy.json`] : []),
    ...unread.slice(0, MOST_SHOWN).map(({ file, why }) => `  unread  ${harmless(file)}: ${harmless(why)}`),
    ...(unread.length > MOST_SHOWN ? [`  and ${count(unread.length - MOST_SHOWN)} more not read`] : []),
    '  what to do: documentation/data-protection.md',
  ];
}

/** Returns the exit code that a scan asks for: 0 nothing, 1 finds, 4 something that could not be read. */
export function privacyExitCode({ found, unread }: PrivacyReport): number {
  if (found > 0) return 1;
  return unread.length > 0 ? 4 : 0;
}

function size(bytes: number): string {
  if (bytes < 1_000) return counted(bytes, 'byte');
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
