import type { ComparedRow, Comparison } from '../model/index.ts';
import { RESULT_MARKS, boundsText, chanceText, comparisonReason, figure, runText, shiftText, sideText, timeText } from './compare-lines.ts';
import { shiftChart } from './compare-chart.ts';
import type { Draw } from './html/charts/draw.ts';
import { html, trusted } from './html/markup.ts';
import type { Markup } from './html/markup.ts';
import { htmlPage } from './html/shell.ts';
import { details, table } from './html/table.ts';
import { count } from './text.ts';

/** The classes by which the reports' style sheet knows the statuses of gates. */
const CLASSES: Record<ComparedRow['result'], string> = { worse: 'fail', better: 'pass', same: 'same', "can't tell": 'inconclusive' };
const WORDS: Record<Comparison['result'], string> = { worse: 'Worse', better: 'Better', same: 'Same', "can't tell": 'Can’t tell' };

/** Returns a comparison as a self-contained page. */
export function comparisonPage(comparison: Comparison, draw: Draw): string {
  const { a, b, result, caveats, rows } = comparison;
  const of = (kind: ComparedRow['kind']): ComparedRow[] => rows.filter((row) => row.kind === kind);
  return htmlPage(`${WORDS[result]}: ${b.runId} against ${a.runId}`, html`
<header><p class="kicker">Comparison · ${b.runId} against ${a.runId}</p>
<h1 class="decision ${result === 'same' ? 'pass' : CLASSES[result]}">${WORDS[result]}</h1>
<p class="why">${comparisonReason(comparison)}</p>
${caveats.length === 0 ? null : html`<div class="absent"><strong>A difference may also come from this:</strong><ul>${caveats.map((caveat) => html`<li>${caveat}</li>`)}</ul></div>`}
</header>
${table('The two runs', [{ title: 'which' }, { title: 'run' }, { title: 'profile' }, { title: 'started' }, { title: 'decision' }, { title: 'commit' }, { title: 'target' }],
    [['A', a] as const, ['B', b] as const].map(([name, run]) => [name, run.runId, run.profile, timeText(run.startedAtEpochMs), run.decision, run.commit, run.target]))}
${rowsSection('Gates', 'They decide, the worst of them. A gate is worse only where the shift is larger than its margin, its interval (if there are samples enough for one) lies on the bad side, and chance is ruled out over all gates together; or where it met its limit in A and misses it in B. In the pictures the band is the margin, and to the right of it B is higher.', of('gate'), comparison, draw)}
${rowsSection('Steps, journeys and routes', 'By their medians, gated or not, where at least eight users of either run came to them: they decide nothing, and help to find the cause.', of('step'), comparison, draw)}
<section><h2>How they were compared</h2>${method(comparison)}</section>
<footer>${runText(a)} and ${runText(b)}</footer>`);
}

function rowsSection(title: string, lead: string, rows: readonly ComparedRow[], { confidence }: Comparison, draw: Draw): Markup {
  if (rows.length === 0) return html`<section><h2>${title}</h2><p class="absent">None in common.</p></section>`;
  return html`<section><h2>${title}</h2><p class="lead">${lead}</p>
<table class="gates"><thead><tr><th scope="col"><span class="hidden">result</span></th><th scope="col">what</th><th scope="col" class="num">A → B</th>
<th scope="col">shift, ${Math.round(100 * confidence)} % on each side</th><th scope="col" class="wide">against the margin</th></tr></thead>
<tbody>${rows.map((row) => rowMarkup(row, draw))}</tbody></table>
${details('All figures', figures(title, rows))}</section>`;
}

function rowMarkup(row: ComparedRow, draw: Draw): Markup {
  const chart = shiftChart(row);
  return html`<tr class="${CLASSES[row.result]}"><td class="mark"><span aria-hidden="true">${RESULT_MARKS[row.result]}</span><span class="hidden">${row.result}</span></td>
<th scope="row">${row.title} <span class="stat">${row.stat === 'rate' ? null : row.stat}</span></th>
<td class="value num">${sideText(row.a, row.unit)} → ${sideText(row.b, row.unit)}</td><td>${shiftText(row)} <span class="interval">${boundsText(row)}</span></td>
<td class="draw wide">${chart === null ? null : trusted(draw(chart))}</td></tr>
${row.result === 'same' ? null : html`<tr class="notes"><td></td><td colspan="4"><p>${row.reason}</p></td></tr>`}`;
}

function figures(title: string, rows: readonly ComparedRow[]): Markup {
  const number = true as const;
  return table(`${title}: all figures`, [
    { title: 'what' }, { title: 'stat' }, { title: 'A', number }, { title: 'B', number }, { title: 'n of A', number }, { title: 'n of B', number },
    { title: 'censored', number }, { title: 'shift', number }, { title: 'interval' }, { title: 'margin', number }, { title: 'p Mann–Whitney or Fisher', number },
    { title: 'p of the shift', number }, { title: 'p corrected', number }, { title: 'superiority of B', number }, { title: 'result' }, { title: 'why' },
  ], rows.map((row) => [
    row.title, row.stat, sideText(row.a, row.unit), sideText(row.b, row.unit), count(row.a.n), count(row.b.n), `${row.a.censored}, ${row.b.censored}`,
    shiftText(row), boundsText(row), figure(row.margin, row.unit), chanceText(row.p), chanceText(row.pShift), chanceText(row.pAdjusted),
    row.superiority === null ? '' : row.superiority.toFixed(2), row.result, row.reason,
  ]));
}

function method({ confidence }: Comparison): Markup {
  return html`<ul class="small">
<li>Times: Mann–Whitney on all samples and a permutation of whole users on the statistic itself; the smaller p, doubled, counts. Intervals of shifts by a bootstrap of whole users. Failed samples count as slower than all others.</li>
<li>Rates: Fisher’s exact test and Newcombe’s interval, with as many trials as the users they come from are worth.</li>
<li>Figures of which a run has one value (${'a KPI, a cost, the longest cold start'}) have no test: they are worse only where a limit that was met is missed, or where their intervals lie apart.</li>
<li>The p of all gates are corrected together (Holm): were nothing different, at most ${Math.round(100 * (1 - confidence))} of 100 comparisons would call anything different at all.</li>
<li>“Same” says that B is not worse by more than the margin, at ${Math.round(100 * confidence)} %; it may be better. “Can’t tell” is no “same”.</li>
<li>Two runs are two runs: whatever else differed between them counts as well. documentation/history.md has the whole of it.</li></ul>`;
}
