import {
  Broken, NO_REQUEST, NO_TIME, firstAddress, said, statusOf, targetOf, type LogEntry, type ParseLine,
} from './entry.ts';
import { isoTime } from './times.ts';

const NO_FIELDS = new Broken('no #Fields line before it');
const FEWER = new Broken('fewer fields than the #Fields line names');
const DIRECTIVE = /^#[A-Z][A-Za-z-]+:/;

/**
 * Returns a reader of one file in the W3C extended format, as CloudFront writes it (and IIS): a `#Fields:` line names
 * the columns. CloudFront puts tabs between them, others spaces; no column holds either.
 */
export function w3cReader(): ParseLine {
  let at: Map<string, number> | null = null;
  return (line): LogEntry | Broken | null => {
    if (line.startsWith('#Fields:')) {
      at = new Map(line.slice('#Fields:'.length).trim().split(/\s+/).map((name, index) => [name.toLowerCase(), index]));
      return null;
    }
    if (DIRECTIVE.test(line)) return null;
    if (at === null) return NO_FIELDS;
    const columns = line.split(line.includes('\t') ? '\t' : ' ');
    if (columns.length < at.size) return FEWER;
    const names = at;
    const column = (name: string): string => {
      const index = names.get(name);
      return index === undefined ? '' : said(columns[index]);
    };
    const timeMs = isoTime(`${column('date')}T${column('time')}Z`);
    if (timeMs === null) return NO_TIME;
    const stem = targetOf(column('cs-uri-stem'));
    const method = column('cs-method');
    if (stem === null || !/^[A-Z]{3,10}$/.test(method)) return NO_REQUEST;
    const query = column('cs-uri-query');
    return {
      timeMs, method, target: query === '' ? stem : `${stem}?${query}`, status: statusOf(column('sc-status')),
      address: firstAddress(column('x-forwarded-for') || column('c-ip')),
      agent: column('cs(user-agent)'), referrer: column('cs(referer)'),
    };
  };
}
