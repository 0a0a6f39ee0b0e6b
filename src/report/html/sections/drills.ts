import type { DrillReport, GateStatus } from '../../../model/index.ts';
import { drillLines, usersText } from '../../drill-lines.ts';
import { MARKS } from '../../lines.ts';
import { count, counted } from '../../text.ts';
import { heads, list, mark, num } from '../figure.ts';
import { NOTHING } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { details } from '../table.ts';
import type { Section, View } from '../view.ts';

const VERDICTS: Readonly<Record<DrillReport['verdict'], { status: GateStatus; word: string }>> = {
  'pass': { status: 'pass', word: 'passed' },
  'fail': { status: 'fail', word: 'failed' },
  'inconclusive': { status: 'inconclusive', word: 'not settled' },
  'not judged': { status: 'inconclusive', word: 'not judged' },
};
const HEADS = [
  'drill and hypothesis', '#breaker opens after', '#closes after', '#latency back after', 'users in the fault', '#payments astray',
];

/** Returns what came of each fault that was put in on purpose. */
export function drillsSection({ record }: View): Section {
  const drills = record.drills ?? [];
  const id = 'drills';
  const title = 'Drills';
  if (drills.length === 0) {
    const why = record.plan.drills === undefined ? 'this plan breaks nothing on purpose (npm run drills does)' : 'no drill was held';
    return { id, title, lead: `No data: ${why}.`, body: html`` };
  }
  const lines = drillLines(record);
  const passed = drills.filter(({ verdict }) => verdict === 'pass').length;
  return {
    id, title, lead: `Dependencies broken on purpose: ${count(passed)} of ${counted(drills.length, 'drill')} passed${others(drills)}.`,
    body: html`<table class="drills"><caption class="hidden">What came of each drill</caption>${heads('verdict', HEADS)}
<tbody>${drills.map((one, at) => rows(one, lines[at]?.timeline ?? ''))}</tbody></table>`,
  };
}

/** A drill that was not held, or not settled, did not fail. */
function others(drills: readonly DrillReport[]): string {
  const words = (['fail', 'inconclusive', 'not judged'] as const).flatMap((verdict) => {
    const n = drills.filter((one) => one.verdict === verdict).length;
    return n === 0 ? [] : [`${count(n)} ${VERDICTS[verdict].word}`];
  });
  return words.map((one) => `, ${one}`).join('');
}

function rows(drill: DrillReport, timeline: string): Markup {
  const { status, word } = VERDICTS[drill.verdict];
  const seconds = (value: number | null): string => (value === null ? NOTHING : `${Number(value.toFixed(1))} s`);
  const users = (usersText(drill) || NOTHING).split(', ').map((part) => html`<span>${part}</span> `);
  const shown = drill.journeys.flatMap(({ journey, messages }) => messages.map((message) => `${journey} was told: “${message}”`));
  const course = timeline === '' && shown.length === 0 ? null : details('Course', html`<p>${timeline}</p>${list(shown)}`);
  return html`<tr class="${trusted(status)}">${mark(MARKS[status], word)}
<th scope="row">${drill.title}<br><span class="small muted">${drill.hypothesis}</span></th>${num(seconds(drill.opensAfterS))}
${num(seconds(drill.closesAfterS))}${num(seconds(drill.recoversAfterS))}<td class="users">${users}</td>
${num(drill.integrityBreaches ?? NOTHING)}</tr>
<tr class="notes ${trusted(status)}"><td></td><td colspan="6"><p>${drill.reason}</p>${course}</td></tr>`;
}
