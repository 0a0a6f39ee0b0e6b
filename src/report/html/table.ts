import { html, trusted } from './markup.ts';
import type { Markup, Part } from './markup.ts';
import { NOTHING } from './figures.ts';

export interface Column { title: string; /** Figures stand to the right. */ number?: true }

/**
 * Returns a table that scrolls by itself where it is too wide, with the first cell of each row as its heading. Its caption is seen
 * only where `isNamed`: alone under a heading it would say the same again.
 */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Part[])[], isNamed = false): Markup {
  const head = columns.map(({ title, number }) => html`<th scope="col"${number ? trusted(' class="num"') : null}>${title}</th>`);
  const body = rows.map((row) => html`<tr>${row.map((cell, at) => (at === 0
    ? html`<th scope="row">${cell}</th>`
    : html`<td${columns[at]?.number ? trusted(' class="num"') : null}>${cell === null || cell === '' ? NOTHING : cell}</td>`))}</tr>`);
  const hidden = isNamed ? null : trusted(' class="hidden"');
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table><caption${hidden}>${caption}</caption>
<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** Returns something that opens on request. */
export function details(summary: string, body: Part): Markup {
  return html`<details><summary>${summary}</summary>${body}</details>`;
}

/** Returns pairs of a term and what it is. */
export function terms(pairs: readonly (readonly [term: string, value: Part])[]): Markup {
  return html`<dl class="terms">${pairs.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;
}
