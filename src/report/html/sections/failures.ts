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
    id: 'failures', title: 'Failures', lead: leadOf(view, all),
    body: failures.length === 0 ? html`` : html`<ul class="failures">${failures.map((one) => failureItem(view, one))}</ul>`,
  };
}

function leadOf({ record, story: { failures } }: View, all: number): string {
  if (failures.length > 0) return `${counted(all, 'failure')} of ${counted(failures.length, 'kind')}.`;
  return record.totals.journeys === 0 ? 'No data: no browser user came.' : 'No user failed.';
}

function failureItem(view: View, failure: SeenFailure): Markup {
  const { journey, step, code, message, tMs, times, screenshot } = failure;
  const where = [journey, step].filter((name) => name !== null).join(' › ') || 'no journey';
  const data = screenshot === null ? undefined : view.pictures.get(screenshot);
  const picture = data === undefined ? null
    : html`<a href="${screenshot}"><img src="${data}" alt="What the user saw: ${where} at ${clock(tMs)}"></a>`;
  return html`<li>${picture}<div><p><strong>${where}</strong> · <code>${code}</code> · ${count(times)} ×, first at ${clock(tMs)}</p>
${message === null ? null : html`<p class="small message">${message}</p>`}<p class="small">${files(view, failure)}</p></div></li>`;
}

function files({ runPath }: View, { screenshot, trace }: SeenFailure): Markup {
  const picture = screenshot === null ? html`<span class="muted">no screenshot</span>` : html`screenshot ${fileLink(screenshot)}`;
  if (trace === null) return html`${picture} · <span class="muted">no trace</span>`;
  const command = isRunFile(trace) ? html`: <code>npx playwright show-trace ${runPath}/${trace}</code>` : null;
  return html`${picture} · trace ${fileLink(trace)}${command}`;
}
