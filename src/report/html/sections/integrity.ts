import { roundedUp } from '../../integrity.ts';
import { count, counted } from '../../text.ts';
import { html } from '../markup.ts';
import { table, terms } from '../table.ts';
import type { Section, View } from '../view.ts';

/** The record has a hundred at most; a page for people needs fewer. */
const SHOWN_BREACHES = 20;

/** Returns whether the money is where it should be. */
export function integritySection({ record }: View): Section {
  const { integrity, plan } = record;
  const id = 'integrity';
  const title = 'Integrity of payments';
  if (integrity === undefined) {
    const why = plan.audit === undefined
      ? 'payments are not audited: this plan names no books of platform and provider (documentation/integrity.md)' : 'the audit did not take place';
    return { id, title, lead: `No data: ${why}.`, body: html`` };
  }
  const { payments, books, counts, breaches, states, underWay } = integrity;
  const found = Object.values(counts).reduce((sum, one) => sum + one, 0);
  const read = (state: string | null): string => (state === null ? 'never read' : state === 'complete' ? 'read completely' : 'could not be read');
  const isUnread = books.platform !== 'complete' || books.provider !== 'complete';
  const bound = integrity.ruledOutPercent === null || found > 0 ? '' : ` More than ${roundedUp(integrity.ruledOutPercent)} % of any kind is ruled out.`;
  return {
    id, title,
    lead: `${found === 0 ? isUnread ? 'No breach is known, but not every book could be read' : 'No breach' : counted(found, 'breach').replace('breachs', 'breaches')} in ${counted(payments, 'payment')}.${isUnread ? '' : bound}`,
    body: html`${terms([
      ['payments in the browsers’ own account', count(integrity.fromBrowsers)],
      ['in the platform’s ledger', `${count(integrity.inPlatform)} (${read(books.platform)})`],
      ['in the provider’s book', `${count(integrity.atProvider)} (${read(books.provider)})`],
      ['still under way when the books were read', count(underWay)],
      ['by state in the platform', Object.entries(states).map(([state, number]) => `${count(number)} ${state}`).join(', ')],
    ])}
${table('Breaches by kind', [{ title: 'kind of breach' }, { title: 'found', number: true }], Object.entries(counts).map(([kind, number]) => [kind.replaceAll('_', ' '), count(number)]), true)}
${breaches.length === 0 ? null : html`<p><strong>What was found</strong>${breaches.length > SHOWN_BREACHES ? html` (the first ${SHOWN_BREACHES}; <a href="record.json">record.json</a> has more)` : null}</p>
<ul>${breaches.slice(0, SHOWN_BREACHES).map(({ kind, intentId, detail }) => html`<li><strong>${kind.replaceAll('_', ' ')}</strong> ${intentId === null ? null : html`<code>${intentId}</code>: `}${detail}</li>`)}</ul>`}`,
  };
}
