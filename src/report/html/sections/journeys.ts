import type { Waterfall, WaterfallStep } from '../../../model/index.ts';
import { amount, count, counted } from '../../text.ts';
import { PARTS, placed, stepChart } from '../charts/waterfall-chart.ts';
import type { PlacedStep } from '../charts/waterfall-chart.ts';
import { key, num } from '../figure.ts';
import { NOTHING, findingOf, valueText } from '../figures.ts';
import { html, trusted } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { absent } from '../view.ts';
import type { Section, View } from '../view.ts';

/** A smaller share is not worth its words. */
const NAMED_SHARE = 0.1;
const MOST_NAMED = 2;

/** Returns a waterfall a journey: its steps one after the other, where their time went, and who answered slowly. */
export function journeysSection(view: View): Section {
  const { waterfalls } = view.story;
  const planned = view.record.plan.journeys.filter(({ weight }) => weight > 0).map(({ name }) => name);
  const missing = planned.filter((name) => !waterfalls.some(({ journey }) => journey === name));
  const these = missing.length === 1 ? 'this journey' : 'these journeys';
  return {
    id: 'journeys', title: 'Journeys, step by step', lead: leadOf(waterfalls),
    body: html`${waterfalls.length === 0 ? null : explained()}${waterfalls.map((one) => journeyTable(view, one))}
${missing.length === 0 ? null : absent('for', `${missing.join(', ')}. No observed user of ${these} came to a step.`)}`,
  };
}

function explained(): Markup {
  return html`<p class="small muted">Medians of the users who were observed. Bars are split by where the time went:${
    PARTS.map(({ colour, title }) => key(colour, title))}${key('slate', 'could not be told apart')}. The thin line ends at p95.
An outlined bar is the driver’s own clock, which is no perceived latency.</p>`;
}

function leadOf(waterfalls: readonly Waterfall[]): string {
  if (waterfalls.length === 0) return 'No data: no observed user came to a step.';
  const steps = waterfalls.flatMap(({ journey, steps: all }) =>
    all.map(({ step, p50Ms, clock }) => ({ journey, step, p50Ms: clock === 'page' ? (p50Ms ?? 0) : 0 })));
  const slowest = steps.toSorted((a, b) => b.p50Ms - a.p50Ms)[0];
  const longest = slowest === undefined || slowest.p50Ms === 0 ? ''
    : `; the longest wait is ${slowest.journey}, ${slowest.step}: ${amount(slowest.p50Ms, 'ms')} ms at the median`;
  return `${counted(waterfalls.length, 'journey')}, ${counted(steps.length, 'step')}${longest}.`;
}

function journeyTable(view: View, waterfall: Waterfall): Markup {
  const { journey, users, failed } = waterfall;
  const whole = findingOf(view.record, 'journey_duration', 'p50', { journey })?.value ?? null;
  const { steps, endMs } = placed(waterfall);
  const facts = [
    // Success counts everybody, the crowd too; the medians are of those who were observed.
    counted(users, 'user'), `${count(failed)} failed`,
    ...(whole === null ? [] : [`${valueText(whole, 'ms')} from first to last at the median`]),
  ];
  return html`<table class="waterfall"><caption><strong>${journey}</strong> <span class="muted">${facts.join(' · ')}</span></caption>
<thead><tr><th scope="col">step</th><th scope="col" class="draw">from the first step on</th><th scope="col" class="num">p50</th>
<th scope="col" class="num">p95</th><th scope="col" class="num">n</th><th scope="col" class="parts">slowest quarter</th></tr></thead>
<tbody>${steps.map((one) => stepRow(view, one, endMs))}</tbody></table>`;
}

function stepRow({ draw }: View, one: PlacedStep, endMs: number): Markup {
  const { step, n, failed, p50Ms, p95Ms, clock } = one.step;
  const drawn = p50Ms === null ? html`<span class="muted small">no data</span>` : trusted(draw(stepChart(one, endMs)));
  const failures = failed > 0 ? html` <span class="bad">+ ${counted(failed, 'failure')}</span>` : null;
  return html`<tr><th scope="row">${step}${clock === 'driver' ? html` <span class="stat">driver’s clock</span>` : null}</th>
<td class="draw">${drawn}</td>${num(valueText(p50Ms, 'ms'))}${num(valueText(p95Ms, 'ms'))}${num([count(n), failures])}
<td class="small parts">${attribution(one.step)}</td></tr>`;
}

/** Where most of the slowest quarter's time went, and the request that they waited for. */
function attribution({ slowest, parts }: WaterfallStep): Markup {
  if (slowest === null) return html`<span class="muted">${parts === null ? NOTHING : 'too few to tell'}</span>`;
  const shares: [string, number][] = [
    ['server', slowest.serverShare], ['network', slowest.networkShare], ['rendering', slowest.renderShare],
    ['generator', slowest.generatorShare ?? 0],
  ];
  const named = shares.filter(([, share]) => share >= NAMED_SHARE).toSorted(([, a], [, b]) => b - a).slice(0, MOST_NAMED);
  const words = named.map(([name, share]) => `${name} ${Math.round(100 * share)} %`).join(', ');
  return html`${words}${slowest.request === null ? null : html` · <code>${slowest.request}</code>`}`;
}
