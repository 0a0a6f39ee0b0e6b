import type { GateResult, RunRecord } from '../../../model/index.ts';
import { counted, count } from '../../text.ts';
import { roundedUp } from '../../integrity.ts';
import { MARKS, gateGroups } from '../../lines.ts';
import { gateChart } from '../charts/gate-chart.ts';
import { intervalText, observedText } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { fileLink, linked, runbookLink } from '../view.ts';
import type { Section, View } from '../view.ts';
import { STATUS_WORDS, byWeight, limitText, statText } from '../words.ts';

/** Evidence beside a gate; the record has all of it. */
const SHOWN_EVIDENCE = 4;
/** Rows that an A4 page has room for under the decision; a gate with notes takes two. */
const PRINTED_ROWS = 32;

/** Returns the gates: those that need somebody first, with why, and then those that passed. */
export function gatesSection(view: View): Section {
  const { verdict, drills } = view.record;
  const attention = byWeight(verdict.gates.filter(({ status }) => status === 'fail'))
    .concat(byWeight(verdict.gates.filter(({ status }) => status !== 'fail' && status !== 'pass')));
  const passed = verdict.gates.filter(({ status }) => status === 'pass');
  const single = passed.filter(({ metric }) => metric !== 'integrity' && metric !== 'drill');
  const together = [...integrityRow(view, passed), ...drillRow(passed, drills)];
  const noted = PRINTED_ROWS / 2;
  const room = Math.max(0, PRINTED_ROWS - 2 * attention.length - together.length);
  const left = Math.max(0, attention.length - noted) + Math.max(0, single.length - room);
  return {
    id: 'gates', title: 'Gates', lead: leadOf(verdict.gates),
    body: html`${verdict.gates.length === 0 ? html`<p class="absent"><strong>No data</strong> on gates: none is judged in this profile</p>` : null}
${attention.length === 0 ? null : gateTable('Failed or not settled', attention.map((gate, at) => gateRows(view, gate, at < noted)))}
${passed.length === 0 ? null : gateTable('Passed', [...together, ...ordered(single, view.record).map((gate, at) => gateRows(view, gate, at < room))])}
${left > 0 ? html`<p class="print-only small">${counted(left, 'more gate')}: see the page.</p>` : null}
<p class="small muted no-print">Brackets and bars: the interval in which the figure lies, ${confidence(view)} on each side; a fading bar has an open end, because there
are too few samples to close it. The upright line is the limit of each gate, left of it is within; the edge is twice the limit. A gate passes only when its whole
interval does. ${skipped(view.record)}</p>`,
  };
}

function leadOf(gates: readonly GateResult[]): string {
  const number = (wanted: (gate: GateResult) => boolean): number => gates.filter(wanted).length;
  const [failed, passed] = [number(({ status }) => status === 'fail'), number(({ status }) => status === 'pass')];
  return `${counted(gates.length, 'gate')}: ${count(passed)} passed, ${count(failed)} failed, ${count(gates.length - passed - failed)} not settled.`;
}

/** In the order of the verdict block, so that what belongs together stands together. */
function ordered(gates: readonly GateResult[], record: RunRecord): GateResult[] {
  const order = gateGroups(record).flat().map(({ subject, detail }) => `${subject} ${detail}`.trim());
  const place = ({ title }: GateResult): number => order.indexOf(title);
  return gates.toSorted((a, b) => place(a) - place(b));
}

function gateTable(caption: string, rows: readonly Markup[]): Markup {
  return html`<table class="gates"><caption>${caption}</caption><thead><tr><th scope="col"><span class="hidden">status</span></th><th scope="col">gate</th>
<th scope="col" class="num">observed</th><th scope="col">interval</th><th scope="col" class="draw">against its limit</th><th scope="col">limit</th>
<th scope="col" class="num">n</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function gateRows(view: View, gate: GateResult, isPrinted: boolean): Markup {
  const chart = gateChart(gate);
  const stat = statText(gate);
  const noted = gate.status === 'pass' ? null : notes(view, gate);
  const kind = trusted(`${gate.status}${isPrinted ? '' : ' no-print'}`);
  return html`<tr class="${kind}" id="gate-${gate.id}"><td class="mark"><span aria-hidden="true">${MARKS[gate.status]}</span><span
 class="hidden">${STATUS_WORDS[gate.status]}</span></td><th scope="row">${gate.title}${stat === '' ? null : html` <span class="stat">${stat}</span>`}</th>
<td class="num value">${observedText(gate)}</td><td class="interval">${intervalText(gate.interval, gate.unit)}</td>
<td class="draw">${chart === null ? null : trusted(view.draw(chart))}</td><td class="limit">${limitText(gate)}</td><td class="num">${count(gate.n)}</td></tr>
${noted === null ? null : html`<tr class="notes ${kind}"><td></td><td colspan="6">${noted}</td></tr>`}`;
}

/** Why it did not pass, what to do, and where to look. */
function notes(view: View, gate: GateResult): Markup {
  const why = gate.hint ?? gate.evidence[0];
  const evidence = gate.evidence.slice(gate.hint === null ? 1 : 0).slice(0, SHOWN_EVIDENCE);
  const owner = view.record.plan.gates.find(({ id }) => id === gate.id)?.owner;
  const files = evidenceFiles(view, gate).filter((name) => !gate.evidence.some((one) => one.includes(name)));
  return html`<p><strong>${STATUS_WORDS[gate.status]}</strong>${why === undefined ? null : html`: ${linked(why)}`}<span class="no-print"> · ${runbookLink(view,
    gate.metric)}${files.map((name) => html` · ${fileLink(name)}`)}${owner === undefined ? null : html` · owner ${owner}`}</span></p>${evidence.length === 0 ? null : html`<ul>${evidence.map((one) => html`<li>${linked(one)}</li>`)}</ul>`}`;
}

/** Files of failures of the journey, or the step, that a failed gate is about; where there are none, the record with its figures. */
function evidenceFiles({ record, story }: View, gate: GateResult): string[] {
  const planned = record.plan.gates.find(({ id }) => id === gate.id);
  if (gate.status !== 'fail' || planned === undefined) return [];
  const journey = 'journey' in planned ? planned.journey : undefined;
  const step = 'step' in planned ? planned.step : undefined;
  const isAbout = journey !== undefined || planned.metric === 'journey_error_rate';
  const files = story.failures
    .filter((one) => isAbout && (journey === undefined || one.journey === journey) && (step === undefined || one.step === step))
    .flatMap(({ screenshot, trace }) => [screenshot, trace].filter((name) => name !== null));
  return files.length === 0 ? ['record.json'] : [...new Set(files)].slice(0, SHOWN_EVIDENCE);
}

function integrityRow({ record }: View, passed: readonly GateResult[]): Markup[] {
  const kinds = passed.filter(({ metric }) => metric === 'integrity');
  const bound = record.integrity?.ruledOutPercent ?? null;
  const first = kinds[0];
  if (first === undefined) return [];
  return [oneRow(`payments: ${counted(kinds.length, 'kind')} of breach, none found`, '0 breaches', bound === null ? '' : `rules out > ${roundedUp(bound)} %`, first.n)];
}

function drillRow(passed: readonly GateResult[], drills: RunRecord['drills']): Markup[] {
  const held = passed.filter(({ metric }) => metric === 'drill');
  if (held.length === 0) return [];
  return [oneRow(`expectations of ${counted(drills?.length ?? 0, 'drill')} that were met`, count(held.length), '', drills?.length ?? 0)];
}

function oneRow(title: string, observed: string, interval: string, n: number): Markup {
  return html`<tr class="pass"><td class="mark"><span aria-hidden="true">${MARKS.pass}</span><span class="hidden">passed</span></td><th scope="row">${title}</th>
<td class="num value">${observed}</td><td class="interval">${interval}</td><td class="draw"></td><td class="limit"></td><td class="num">${count(n)}</td></tr>`;
}

function confidence({ record }: View): string {
  return `${Number((100 * record.plan.confidence).toFixed(2))} %`;
}

function skipped({ plan }: RunRecord): string {
  const others = plan.gatesNotInProfile.length;
  return others === 0 ? '' : `${counted(others, 'more gate')} of slo.yml ${others === 1 ? 'is' : 'are'} judged in other profiles only.`;
}
