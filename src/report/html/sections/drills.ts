import type { DrillReport, GateStatus } from '../../../model/index.ts';
import { drillLines, usersText } from '../../drill-lines.ts';
import { MARKS } from '../../lines.ts';
import { count, counted } from '../../text.ts';
import { NOTHING } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { details } from '../table.ts';
import type { Section, View } from '../view.ts';

const STATUS: Readonly<Record<DrillReport['verdict'], GateStatus>> = { 'pass': 'pass', 'fail': 'fail', 'inconclusive': 'inconclusive', 'not judged': 'inconclusive' };
const WORDS: Readonly<Record<DrillReport['verdict'], string>> = { 'pass': 'passed', 'fail': 'failed', 'inconclusive': 'not settled', 'not judged': 'not judged' };

/** Returns what came of each fault that was put in on purpose. */
export function drillsSection({ record }: View): Section {
  const drills = record.drills ?? [];
  const lines = drillLines(record);
  const why = record.plan.drills === undefined ? 'this plan breaks nothing on purpose (npm run drills does)' : 'no drill was held';
  const passed = drills.filter(({ verdict }) => verdict === 'pass').length;
  return {
    id: 'drills', title: 'Drills',
    lead: drills.length === 0 ? `No data: ${why}.` : `Dependencies broken on purpose: ${count(passed)} of ${counted(drills.length, 'drill')} passed.`,
    body: drills.length === 0 ? html`` : html`<table class="drills"><caption class="hidden">What came of each drill</caption><thead><tr>
<th scope="col"><span class="hidden">verdict</span></th><th scope="col">drill and hypothesis</th><th scope="col" class="num">breaker opens after</th><th scope="col" class="num">closes after</th>
<th scope="col" class="num">latency back after</th><th scope="col">users in the fault</th><th scope="col" class="num">payments astray</th></tr></thead>
<tbody>${drills.map((one, at) => rows(one, lines[at]?.timeline ?? ''))}</tbody></table>`,
  };
}

function rows(drill: DrillReport, timeline: string): Markup {
  const status = STATUS[drill.verdict];
  const seconds = (value: number | null): string => (value === null ? NOTHING : `${Number(value.toFixed(1))} s`);
  const users = usersText(drill);
  const told = drill.journeys.flatMap(({ journey, messages }) => messages.map((message) => html`<li>${journey}: “${message}”</li>`));
  return html`<tr class="${trusted(status)}"><td class="mark"><span aria-hidden="true">${MARKS[status]}</span><span class="hidden">${WORDS[drill.verdict]}</span></td>
<th scope="row">${drill.title}<br><span class="small muted">${drill.hypothesis}</span></th><td class="num">${seconds(drill.opensAfterS)}</td><td class="num">${seconds(drill.closesAfterS)}</td>
<td class="num">${seconds(drill.recoversAfterS)}</td><td>${users === '' ? NOTHING : users}</td><td class="num">${drill.integrityBreaches ?? NOTHING}</td></tr>
<tr class="notes ${trusted(status)}"><td></td><td colspan="6"><p>${drill.reason}</p>${timeline === '' && told.length === 0 ? null
    : details('Course', html`<p>${timeline}</p>${told.length === 0 ? null : html`<ul>${told}</ul>`}`)}</td></tr>`;
}
