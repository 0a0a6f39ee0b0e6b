import type { IntegrityReport, RunRecord } from '../../../model/index.ts';
import { roundedUp } from '../../integrity.ts';
import { count, counted } from '../../text.ts';
import { list } from '../figure.ts';
import { NOTHING, findingOf } from '../figures.ts';
import { html } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { table, terms } from '../table.ts';
import type { Section, View } from '../view.ts';

/** The record has a hundred at most; a page for people needs fewer. */
const SHOWN_BREACHES = 20;
const NOT_AUDITED = 'payments are not audited: this plan names no books of platform and provider (documentation/integrity.md)';

/** Returns whether the money is where it should be. */
export function integritySection({ record }: View): Section {
  const { integrity, plan } = record;
  const id = 'integrity';
  const title = 'Integrity of payments';
  if (integrity === undefined) {
    return { id, title, lead: `No data: ${plan.audit === undefined ? NOT_AUDITED : 'the audit did not take place'}.`, body: html`` };
  }
  return { id, title, lead: leadOf(integrity), body: bodyOf(record, integrity) };
}

function leadOf({ counts, payments, books, ruledOutPercent }: IntegrityReport): string {
  const found = Object.values(counts).reduce((sum, one) => sum + one, 0);
  const unread = Object.values(books).some((state) => state !== 'complete');
  const of = `in ${counted(payments, 'payment')}`;
  if (found > 0) return `${found === 1 ? 'One breach' : `${count(found)} breaches`} ${of}.`;
  if (payments === 0) return `No data: ${unread ? 'not every book could be read, and ' : ''}no payment was seen.`;
  if (unread) return `No breach is known ${of}, but not every book could be read.`;
  return `No breach ${of}.${ruledOutPercent === null ? '' : ` More than ${roundedUp(ruledOutPercent)} % of any kind is ruled out.`}`;
}

function bodyOf(record: RunRecord, integrity: IntegrityReport): Markup {
  const { fromBrowsers, inPlatform, atProvider, books, underWay, states, counts, breaches } = integrity;
  const read = (state: string | null): string => (state === null ? 'never read' : state === 'complete' ? 'read completely' : 'could not be read');
  // What was not read in a book that was not read whole is no zero.
  const known = (n: number, state: string | null): string => (n === 0 && state !== 'complete' ? NOTHING : count(n));
  // None was found, and none could have been: a book was not read, or tells nothing of this kind.
  const isUnknown = (kind: string): boolean => findingOf(record, 'integrity', 'count', { breach: kind })?.value === null;
  const kinds = Object.entries(counts).map(([kind, number]) => [words(kind), isUnknown(kind) ? NOTHING : count(number)]);
  const more = breaches.length <= SHOWN_BREACHES ? null
    : html` (the first ${SHOWN_BREACHES}; <a href="record.json">record.json</a> has more)`;
  const shown = breaches.slice(0, SHOWN_BREACHES).map(({ kind, intentId, detail }) =>
    html`<strong>${words(kind)}</strong> ${intentId === null ? null : html`<code>${intentId}</code>: `}${detail}`);
  return html`${terms([
    ['payments in the browsers’ own account', count(fromBrowsers)],
    ['in the platform’s ledger', `${known(inPlatform, books.platform)} (${read(books.platform)})`],
    ['in the provider’s book', `${known(atProvider, books.provider)} (${read(books.provider)})`],
    ['still under way when the books were read', known(underWay, books.platform)],
    ['by state in the platform', Object.entries(states).map(([state, number]) => `${count(number)} ${state}`).join(', ') || NOTHING],
  ])}${table('Breaches by kind; a dash where nobody could tell', [{ title: 'kind of breach' }, { title: 'found', number: true }], kinds, true)}
${shown.length === 0 ? null : html`<p><strong>What was found</strong>${more}</p>${list(shown)}`}`;
}

function words(kind: string): string {
  return kind.replaceAll('_', ' ');
}
