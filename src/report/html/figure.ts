import { trackColours } from './charts/palette.ts';
import type { Colour } from './charts/palette.ts';
import { html, trusted } from './markup.ts';
import type { Markup, Part } from './markup.ts';

/** Returns a line's colour and name. */
export function key(colour: Colour, title: string): Markup {
  return html` <span class="key"><i class="k-${colour}"></i>${title}</span>`;
}

/** Returns the keys to the first tracks of a panel. */
export function trackKeys(tracks: readonly { id: string; title: string }[]): Markup[] {
  const colours = trackColours(tracks.map(({ id }) => id));
  return tracks.map(({ title }, index) => key(colours[index] ?? 'blue', title));
}

export interface Figure {
  title: string;
  /** A score has none. */
  unit: string;
  keys?: Part;
  /** Below the chart, in small letters. */
  note?: Part;
  className?: 'no-print' | 'capacity';
}

/** Returns a chart under its title and unit, with the keys to its colours. */
export function figure({ title, unit, keys, note, className }: Figure, body: Part): Markup {
  const shown = unit === '' || unit === 'score' ? null : html` <span class="muted">${unit}</span>`;
  const attribute = className === undefined ? null : html` class="${className}"`;
  return html`<figure${attribute}><figcaption><strong>${title}</strong>${shown}${keys}</figcaption>${body}${
    note === undefined ? null : html`<p class="small muted">${note}</p>`}</figure>`;
}

/** Returns sentences as a list, or nothing. */
export function list(items: readonly Part[]): Markup | null {
  return items.length === 0 ? null : html`<ul>${items.map((one) => html`<li>${one}</li>`)}</ul>`;
}

/** Returns a mark that is read out as a word. */
export function mark(sign: string, word: string): Markup {
  return html`<td class="mark"><span aria-hidden="true">${sign}</span><span class="hidden">${word}</span></td>`;
}

/** Returns the heads of a table whose first column holds marks; those of figures, marked by `#`, stand to the right. */
export function heads(marks: string, titles: readonly string[]): Markup {
  return html`<thead><tr><th scope="col"><span class="hidden">${marks}</span></th>${titles.map((title) => (title.startsWith('#')
    ? html`<th scope="col" class="num">${title.slice(1)}</th>` : html`<th scope="col">${title}</th>`))}</tr></thead>`;
}

/** Returns a figure's cell. */
export function num(value: Part, className: '' | 'value' = ''): Markup {
  return html`<td class="num${trusted(className === '' ? '' : ` ${className}`)}">${value}</td>`;
}
