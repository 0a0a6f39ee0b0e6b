import type { GateResult } from '../../../model/index.ts';
import { overrideLines } from '../../guards.ts';
import { headline, runNotes } from '../../lines.ts';
import { amount, count, counted, exact, harmless } from '../../text.ts';
import { NOTHING, dateText, findingOf, intervalText, observedText, valueText } from '../figures.ts';
import { gateScale } from '../gate-scale.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import type { View } from '../view.ts';
import { DECISION_WORDS, limitText, sentence, statText } from '../words.ts';

const TONE = { 'GO': 'pass', 'NO-GO': 'fail', 'INCONCLUSIVE': 'inconclusive' } as const;
const SIGN = { 'GO': '✓', 'NO-GO': '✗', 'INCONCLUSIVE': '?' } as const;

interface Tile { title: string; value: string; note: string; tone: 'pass' | 'fail' | 'inconclusive' | 'none' }

/** Returns the top of the page: the decision, why, what was run, and the figures that a stakeholder asks for. */
export function headlineOf(view: View): Markup {
  const { record } = view;
  const { plan, verdict } = record;
  const tone = TONE[verdict.decision];
  const notes = runNotes(record);
  const tiles = [gatesTile(view), journeysTile(view), latencyTile(view), paymentsTile(view), headroomTile(view), costTile(view)];
  return html`<header><p class="kicker">${plan.target.embedded ? 'bundled platform' : plan.target.url} · ${dateText(plan.startedAtEpochMs)}</p>
<h1 class="decision ${tone}"><span aria-hidden="true">${SIGN[verdict.decision]}</span> ${DECISION_WORDS[verdict.decision]}</h1>
<p class="why">${sentence(record)}</p>
${overrideLines(record).map((line) => html`<p class="overridden">${line}</p>`)}<p class="muted">${headline(record)}</p>
${notes.length === 0 ? null : html`<ul class="runnotes small muted">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
<dl class="tiles">${tiles.map((tile) => html`<div class="tile ${tile.tone}"><dt>${tile.title}</dt><dd><span class="figure">${figure(tile.value)}</span><span
 class="small muted">${tile.note}</span></dd></div>`)}</dl></header>`;
}

/** The unit is smaller than the number. */
function figure(value: string): Markup {
  const [, number = value, unit = ''] = /^([^ ]*\d[^ ]*) (.+)$/.exec(value) ?? [];
  return unit === '' ? html`${number}` : html`${number}${trusted(' ')}<small>${unit}</small>`;
}

function gatesTile({ record: { verdict: { gates } } }: View): Tile {
  const passed = gates.filter(({ status }) => status === 'pass').length;
  const failed = gates.filter(({ status }) => status === 'fail').length;
  const open = gates.length - passed - failed;
  const tone = failed > 0 ? 'fail' : open > 0 || gates.length === 0 ? 'inconclusive' : 'pass';
  const value = gates.length === 0 ? 'no data' : `${count(passed)} of ${count(gates.length)}`;
  return { title: 'Gates passed', value, note: `${count(failed)} failed, ${count(open)} not settled`, tone };
}

function journeysTile({ record }: View): Tile {
  const { passed = 0, ...others } = record.totals.byOutcome;
  const finding = findingOf(record, 'journey_error_rate', 'rate');
  const failed = Object.values(others).reduce((sum, one) => sum + one, 0);
  if (record.totals.journeys === 0) return { title: 'Journeys', value: 'no data', note: 'no browser user came', tone: 'none' };
  const rate = finding === undefined ? '' : `errors ${valueText(finding.value, '%')} ${intervalText(finding.interval, '%')}`;
  return {
    title: 'Journeys done', value: `${count(passed)} of ${count(record.totals.journeys)}`,
    note: rate === '' ? counted(failed, 'other') : rate, tone: toneOf(record.verdict.gates, ['journey_error_rate']),
  };
}

/** Of the gates on what users perceive: the one that is furthest out on the scale of its limit. */
function latencyTile({ record: { verdict } }: View): Tile {
  const gates = verdict.gates.filter(({ metric, observed, observedAbove }) => metric === 'perceived_latency' && (observed ?? observedAbove) !== null);
  const share = (gate: GateResult): number => gateScale(gate)?.at ?? 0;
  const worst = gates.toSorted((a, b) => share(b) - share(a))[0];
  if (worst === undefined) return { title: 'Perceived latency', value: 'no data', note: 'no gated step was measured', tone: 'none' };
  return {
    title: 'Perceived, nearest its limit', value: observedText(worst).replace(/^> /, '>\u00a0'),
    note: harmless(`${statText(worst)} ${limitText(worst)} · ${worst.title}`), tone: toneOf([worst], ['perceived_latency']),
  };
}

function paymentsTile({ record }: View): Tile {
  const { integrity } = record;
  if (integrity === undefined) return { title: 'Payments', value: 'no data', note: 'not audited in this run', tone: 'none' };
  const breaches = Object.values(integrity.counts).reduce((sum, one) => sum + one, 0);
  const unread = Object.values(integrity.books).some((state) => state !== 'complete');
  if (integrity.payments === 0 && breaches === 0 && !unread) {
    return { title: 'Payments astray', value: 'no data', note: 'no payment was seen', tone: toneOf(record.verdict.gates, ['integrity']) };
  }
  return {
    title: 'Payments astray', value: unread && breaches === 0 ? NOTHING : count(breaches),
    note: unread ? 'a book could not be read' : `of ${count(integrity.payments)} in three books`,
    tone: breaches > 0 ? 'fail' : unread ? 'inconclusive' : toneOf(record.verdict.gates, ['integrity']),
  };
}

function headroomTile({ record }: View): Tile {
  const finding = findingOf(record, 'capacity_headroom', 'value');
  if (finding?.interval == null) {
    const note = finding === undefined ? 'only the stress profile looks for it' : 'the API lane sent nothing that could rise';
    return { title: 'Capacity headroom', value: 'no data', note, tone: toneOf(record.verdict.gates, ['capacity_headroom']) };
  }
  const { low, high } = finding.interval;
  const least = low === null ? NOTHING : amount(low, 'x');
  return {
    title: 'Capacity headroom', value: finding.value === null ? NOTHING : `${amount(finding.value, 'x')} ×`,
    note: `of the expected peak; ${high === null ? `at least ${least}` : `between ${least} and ${amount(high, 'x')}`}`,
    tone: toneOf(record.verdict.gates, ['capacity_headroom']),
  };
}

function costTile({ record }: View): Tile {
  const finding = findingOf(record, 'cost', 'total', { per: 'run' });
  if (finding?.value == null) {
    const note = record.plan.cost === undefined ? 'slo.yml gives no prices' : 'it could not be told';
    return { title: 'Cost of the run', value: 'no data', note, tone: 'none' };
  }
  const ceiling = record.plan.cost?.ceiling;
  return {
    title: 'Cost of the run', value: `${amount(finding.value, finding.unit)} ${finding.unit}`,
    note: ceiling === undefined ? '' : `ceiling ${exact(ceiling, finding.unit)}`, tone: toneOf(record.verdict.gates, ['cost']),
  };
}

function toneOf(gates: readonly GateResult[], metrics: readonly string[]): Tile['tone'] {
  const states = gates.filter(({ metric }) => metrics.includes(metric)).map(({ status }) => status);
  if (states.length === 0) return 'none';
  return states.includes('fail') ? 'fail' : states.every((status) => status === 'pass') ? 'pass' : 'inconclusive';
}
