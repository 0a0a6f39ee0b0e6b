import type { SeenFailure } from '../../../model/index.ts';
import { count, counted } from '../../text.ts';
import { clock } from '../figures.ts';
import { html } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { fileLink, isRunFile } from '../view.ts';
import type { Section, View } from '../view.ts';

/** Returns the failures, the first of each kind, with its picture and trace where there are any. */
export function failuresSection(view: View): Section {
  const { failures } = view.story;
  const all = failures.reduce((sum, { times }) => sum + times, 0);
  return {
    id: 'failures', title: 'Failures',
    lead: failures.length === 0 ? 'No user failed.' : `${counted(all, 'failure')} of ${counted(failures.length, 'kind')}.`,
    body: failures.length === 0 ? html`` : html`<ul class="failures">${failures.map((one) => failureItem(view, one))}</ul>`,
  };
}

function failureItem(view: View, { journey, step, code, message, tMs, times, screenshot, trace }: SeenFailure): Markup {
  const where = [journey, step].filter((name) => name !== null).join(' › ');
  const data = screenshot === null ? undefined : view.pictures.get(screenshot);
  const picture = data === undefined ? null : html`<a href="${screenshot}"><img src="${data}" alt="What the user saw: ${where} at ${clock(tMs)}" loading="lazy"></a>`;
  return html`<li>${picture}<div><p><strong>${where === '' ? 'no journey' : where}</strong> · <code>${code}</code> · ${count(times)} ×, first at ${clock(tMs)}</p>
${message === null ? null : html`<p class="small message">${message}</p>`}
<p class="small">${screenshot === null ? html`<span class="muted">no screenshot</span>` : html`screenshot ${fileLink(screenshot)}`} · ${trace === null
  ? html`<span class="muted">no trace</span>` : html`trace ${fileLink(trace)}${isRunFile(trace) ? html`: <code>npx playwright show-trace ${view.runPath}/${trace}</code>` : null}`}</p></div></li>`;
}
