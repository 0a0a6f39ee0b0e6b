import type { FundedOrder } from '../funding.ts';
import { html } from '../html.ts';
import type { Html } from '../html.ts';
import { MAX_FILE_BYTES, MAX_ROWS } from '../listing-rows.ts';
import { formatCents } from '../money.ts';
import type { Listing, ListingsFound } from '../../shared/search.ts';
import { skillName } from './layout.ts';

export interface ListingsView extends ListingsFound {
  q: string;
  scope: 'mine' | 'all';
  /** Whether this is not the first page. */
  later: boolean;
  orders: FundedOrder[];
}

const SYNC = html`<form class="card body" data-sync data-max-bytes="${MAX_FILE_BYTES}" aria-labelledby="sync-title">
    <h2 id="sync-title">Sync listings</h2>
    <p class="muted" id="sync-help">A CSV file whose first line names its columns: externalId, title, skill, price and,
      if you like, description and status; or the same as JSON. Up to ${MAX_ROWS} listings. Listings that you have sent
      before are updated, so a file can be sent as often as you like.</p>
    <label>File<input type="file" name="file" accept=".csv,.json,text/csv,application/json" required
      aria-describedby="sync-help"></label>
    <p role="alert" class="alert" data-testid="sync-error" hidden></p>
    <button class="button" type="submit">Sync listings</button>
    <div role="status"><div data-testid="sync-result" hidden>
      <p><strong data-sync-counts></strong> <a href="/provider/listings">Show my listings</a></p>
      <p class="muted" data-testid="upload-later" hidden></p>
      <ul class="faults" aria-label="Rows that were not taken" data-testid="sync-faults" hidden></ul>
    </div></div>
  </form>`;

function orderRow({ intentId, title, amountCents, feeCents }: FundedOrder): Html {
  return html`<tr data-intent="${intentId}" data-testid="order"><th scope="row">${title}</th>
    <td>${formatCents(amountCents)}</td><td>${formatCents(feeCents)}</td>
    <td data-testid="funding-status">Not checked yet</td></tr>`;
}

function fundingPanel(orders: FundedOrder[]): Html {
  if (orders.length === 0) {
    return html`<section class="card body" aria-labelledby="funding-title"><h2 id="funding-title">Funding</h2>
      <p class="muted" data-testid="no-orders">Orders of your listings stand here once they are paid into escrow.</p>
    </section>`;
  }
  return html`<section class="card body" aria-labelledby="funding-title" data-funding><h2 id="funding-title">Funding</h2>
    <p class="muted">See with the payment provider that the money is really there before you begin.</p>
    <table><thead><tr><th scope="col">Order</th><th scope="col">Amount</th><th scope="col">Fee,&nbsp;3&nbsp;%</th>
      <th scope="col">Funding</th></tr></thead><tbody>${orders.map(orderRow)}</tbody></table>
    <p role="alert" class="alert" data-testid="funding-error" hidden></p>
    <div role="status"><p data-testid="funding-result" hidden></p></div>
    <button class="button" type="button" data-verify>Verify funding</button>
  </section>`;
}

function listingCard(listing: Listing): Html {
  return html`<li class="card body" data-testid="listing"><h3>${listing.title}</h3>
    ${listing.description !== '' && html`<p class="muted">${listing.description.slice(0, 160)}</p>`}
    <p class="facts">${listing.status === 'withdrawn' && html`<span class="badge refunded">Withdrawn</span>`}
      <span>${skillName(listing.skill)}</span><code>${listing.externalId}</code>
      <strong>${formatCents(listing.priceCents)}</strong></p></li>`;
}

const headingOf = ({ q, scope, later }: ListingsView): string =>
  `${scope === 'mine' ? 'My listings' : 'All listings'}${q === '' ? '' : `: “${q}”`}${later ? ', continued' : ''}`;

function results({ q, scope, listings, next, later }: ListingsView): Html {
  const more = next === null ? null
    : `/provider/listings?${new URLSearchParams({ q, scope, before: String(next) }).toString()}`;
  if (listings.length === 0) {
    return html`<p class="card note" data-testid="no-listings">${q === '' && scope === 'mine' && !later
      ? 'No listings yet. Send your list above.' : 'Nothing matches. Try fewer or shorter words.'}</p>`;
  }
  return html`<ul class="grid" data-testid="listings" aria-label="Listings">${listings.map(listingCard)}</ul>
    ${more !== null && html`<p class="more"><a class="button quiet" rel="next" href="${more}">More listings</a></p>`}`;
}

/** What a provider account works with: sync, funding, search. */
export function listingsPage(view: ListingsView): Html {
  const option = (value: ListingsView['scope'], name: string): Html =>
    html`<option value="${value}" ${view.scope === value && html`selected`}>${name}</option>`;
  return html`<h1 class="plain" data-testid="listings-title">Listings</h1>
    <div class="columns">${SYNC}${fundingPanel(view.orders)}</div>
    <form class="search" role="search" action="/provider/listings" method="get">
      <input type="search" name="q" value="${view.q}" placeholder="Words of a title, text or skill" maxlength="100"
        aria-label="Search listings">
      <select name="scope" aria-label="Whose listings">${option('mine', 'My listings')}${option('all', 'All listings')}</select>
      <button class="button" type="submit">Search</button>
    </form>
    <h2 data-testid="listings-heading">${headingOf(view)}</h2>
    ${results(view)}`;
}
