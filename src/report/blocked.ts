import type { BlockedHost } from '../model/index.ts';
import { count, counted, cutMiddle, harmless } from './text.ts';

/** Of many hosts, the first say what it is about; the record has all. */
const SHOWN = 4;
const LONGEST_HOST = 60;

/** Returns what browsers were kept from in one sentence; null where they asked for nothing else. */
export function blockedNote({ blocked = [] }: { blocked?: readonly BlockedHost[] | undefined }): string | null {
  if (blocked.length === 0) return null;
  const all = blocked.reduce((sum, { requests }) => sum + requests, 0);
  const shown = blocked.slice(0, SHOWN).map(({ host, requests }) => `${cutMiddle(harmless(host), LONGEST_HOST)} (${count(requests)})`);
  const more = blocked.length - shown.length;
  const hosts = [...shown, ...(more > 0 ? [`${count(more)} more`] : [])].join(', ');
  return `blocked: ${counted(all, 'request')} of browsers to hosts that are not on the list (BROWSER_HOSTS): ${hosts}`;
}
