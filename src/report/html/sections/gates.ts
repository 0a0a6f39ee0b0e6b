import type { GateResult, RunRecord } from '../../../model/index.ts';
import { roundedUp } from '../../integrity.ts';
import { MARKS, gateGroups } from '../../lines.ts';
import { counted, count } from '../../text.ts';
import { gateChart } from '../charts/gate-chart.ts';
import { list, mark, num } from '../figure.ts';
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
  const attention = [
    ...byWeight(verdict.gates.filter(({ status }) => status === 'fail')),
    ...byWeight(verdict.gates.filter(({ status }) => status !== 'fail' && status !== 'pass')),
  ];
  const passed = verdict.gates.filter(({ status }) => status === 'pass');
  const together = [...integrityRow(view, passed), ...drillRow(passed, drills)];
  const single = ordered(passed.filter(({ metric }) => metric !== 'integrity' && metric !== 'drill'), view.record);
  const noted = PRINTED_ROWS / 2;
  const room = Math.max(0, PRINTED_ROWS - 2 * attention.length - together.length);
  const unprinted = Math.max(0, attention.length - noted) + Math.max(0, single.length - room);
  const open = attention.map((gate, at) => gateRows(view, gate, at < noted));
  const met = [...together, ...single.map((gate, at) => gateRows(view, gate, at < room))];
  return {
    id: 'gates', title: 'Gates', lead: leadOf(verdict.gates),
    body: html`${open.length === 0 ? null : gateTable('Failed or not settled', open)}${met.length === 0 ? null : gateTable('Passed', met)}
${unprinted > 0 ? html`<p class="print-only small">${counted(unprinted, 'more gate')}: see the page.</p>` : null}
<p class="small muted no-print">${explained(view.record).join(' ')}</p>`,
  };
}

function leadOf(gates: readonly GateResult[]): string {
  if (gates.length === 0) return 'No data: no gate is judged in this profile.';
  const number = (wanted: GateResult['status']): number => gates.filter(({ status }) => status === wanted).length;
  const [failed, passed] = [number('fail'), number('pass')];
  const open = gates.length - passed - failed;
  return `${counted(gates.length, 'gate')}: ${count(passed)} passed, ${count(failed)} failed, ${count(open)} not settled.`;
}

function explained({ plan }: RunRecord): string[] {
  const others = plan.gatesNotInProfile.length;
  return [
    `Brackets and bars: the interval in which the figure lies, ${Number((100 * plan.confidence).toFixed(2))} % on each side;`,
    'a fading bar has an open end, because there are too few samples to close it.',
    'The upright line is the limit of each gate, left of it is within; the edge is twice the limit.',
    'A gate passes only when its whole interval does.',
    ...(others === 0 ? [] : [`${counted(others, 'more gate')} of slo.yml ${others === 1 ? 'is' : 'are'} judged in other profiles only.`]),
  ];
}

/** In the order of the verdict block, so that what belongs together stands together. */
function ordered(gates: readonly GateResult[], record: RunRecord): GateResult[] {
  const order = gateGroups(record).flat().map(({ subject, detail }) => `${subject} ${detail}`.trim());
  const place = ({ title }: GateResult): number => order.indexOf(title);
  return gates.toSorted((a, b) => place(a) - place(b));
}

function gateTable(caption: string, rows: readonly Markup[]): Markup {
  return html`<table class="gates"><caption>${caption}</caption><thead><tr><th scope="col"><span class="hidden">status</span></th>
<th scope="col">gate</th><th scope="col" class="num">observed</th><th scope="col">interval</th><th scope="col" class="draw">against its limit</th>
<th scope="col">limit</th><th scope="col" class="num">n</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function gateRows(view: View, gate: GateResult, isPrinted: boolean): Markup {
  const chart = gateChart(gate);
  const stat = statText(gate);
  const kind = trusted(`${gate.status}${isPrinted ? '' : ' no-print'}`);
  return html`<tr class="${kind}" id="gate-${gate.id}">${mark(MARKS[gate.status], STATUS_WORDS[gate.status])}
<th scope="row">${gate.title}${stat === '' ? null : html` <span class="stat">${stat}</span>`}</th>${num(observedText(gate), 'value')}
<td class="interval">${intervalText(gate.interval, gate.unit)}</td><td class="draw">${chart === null ? null : trusted(view.draw(chart))}</td>
<td class="limit">${limitText(gate)}</td>${num(count(gate.n))}</tr>
${gate.status === 'pass' ? null : html`<tr class="notes ${kind}"><td></td><td colspan="6">${notes(view, gate)}</td></tr>`}`;
}

/** Why it did not pass, what to do, who looks after it, and where to look. */
function notes(view: View, gate: GateResult): Markup {
  const why = gate.hint ?? gate.evidence[0];
  const evidence = gate.evidence.slice(gate.hint === null ? 1 : 0).slice(0, SHOWN_EVIDENCE);
  const owner = view.record.plan.gates.find(({ id }) => id === gate.id)?.owner;
  const files = evidenceFiles(view, gate).filter((name) => !gate.evidence.some((one) => one.includes(name)));
  const places = [runbookLink(view, gate.metric), ...files.map((name) => fileLink(name)), ...(owner === undefined ? [] : [html`owner ${owner}`])];
  return html`<p><strong>${STATUS_WORDS[gate.status]}</strong>${why === undefined ? null : html`: ${linked(why)}`}<span class="no-print">${
    places.map((one) => html` · ${one}`)}</span></p>${list(evidence.map(linked))}`;
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
  const first = kinds[0];
  if (first === undefined) return [];
  const bound = record.integrity?.ruledOutPercent ?? null;
  const title = `payments: ${counted(kinds.length, 'kind')} of breach, none found`;
  return [oneRow(title, '0 breaches', bound === null ? '' : `rules out > ${roundedUp(bound)} %`, first.n)];
}

function drillRow(passed: readonly GateResult[], drills: RunRecord['drills']): Markup[] {
  const held = passed.filter(({ metric }) => metric === 'drill');
  if (held.length === 0) return [];
  return [oneRow(`expectations of ${counted(drills?.length ?? 0, 'drill')} that were met`, count(held.length), '', drills?.length ?? 0)];
}

function oneRow(title: string, observed: string, interval: string, n: number): Markup {
  return html`<tr class="pass">${mark(MARKS.pass, STATUS_WORDS.pass)}<th scope="row">${title}</th>${num(observed, 'value')}
<td class="interval">${interval}</td><td class="draw"></td><td class="limit"></td>${num(count(n))}</tr>`;
}
