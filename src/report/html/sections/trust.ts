import type { CanarySummary, PhaseArrivals, RunRecord } from '../../../model/index.ts';
import { amount, count, counted } from '../../text.ts';
import { list } from '../figure.ts';
import { NOTHING, clock, findingsOf, valueText } from '../figures.ts';
import { html } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { table, terms } from '../table.ts';
import { absent } from '../view.ts';
import type { Section, View } from '../view.ts';

const GENERATOR = ['generator_cpu', 'generator_cpu_pressure', 'generator_loop_delay', 'generator_steal', 'generator_memory'];
const NO_CANARY = 'no canary ran, so nothing says what the generator did to its own measurements';
const number = { number: true } as const;

/** Returns how far the figures can be believed: what the generator did to its own measurements, and whether the load was that of the plan. */
export function trustSection({ record }: View): Section {
  const { observer, crowd, disturbed } = record.validity;
  const spans = disturbed.map(({ fromMs, toMs, reason }) => `${clock(fromMs)}–${clock(toMs)}: ${reason}; latency from then is left out`);
  return {
    id: 'trust', title: 'How far to trust this', lead: leadOf(record),
    body: html`${observer === null && crowd === null ? absent('on disturbance', NO_CANARY) : null}${facts(record)}${list(spans)}
${arrivals(record)}${generator(record)}`,
  };
}

function leadOf({ validity: { summary, healthyShare }, plan }: RunRecord): string {
  const share = healthyShare === null ? '' : `; undisturbed for ${percent(healthyShare)} of the time, ${plan.validity.min_healthy_percent} % needed`;
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}${share}.`;
}

/** Rounded down: nobody gets more trust than was earned. */
function percent(share: number): string {
  return `${Math.floor(100 * share)} %`;
}

function facts({ validity, totals, plan }: RunRecord): Markup {
  const needed = `at least ${plan.validity.min_healthy_percent} % needed`;
  const lost = totals.artilleryDifference;
  return terms([
    ['time in which observers were undisturbed', validity.healthyShare === null ? 'unknown' : `${percent(validity.healthyShare)} (${needed})`],
    ['observers’ canary over the idle machine', canary(validity.observer)],
    ['crowd’s canary, which is not measured with', canary(validity.crowd)],
    ['observers who joined the crowd', totals.demoted === 0 ? 'none' : `${count(totals.demoted)}: ${plan.settings.maxObservers} were observing`],
    ['recorded lines that could not be read', totals.unreadableLines === 0 ? 'none' : count(totals.unreadableLines)],
    ['users that Artillery counted and nothing recorded', lost === null ? 'unknown' : lost <= 0 ? 'none' : count(lost)],
  ]);
}

function canary(one: CanarySummary | null): string {
  if (one === null) return 'no data: it did not run';
  const excess = one.medianExcessMs === null ? NOTHING : `${one.medianExcessMs > 0 ? '+' : ''}${amount(one.medianExcessMs, 's')} ms`;
  const idle = one.idleMs === null ? '' : ` over ${amount(one.idleMs, 's')} ms`;
  return `${excess} at the median${idle}, ${counted(one.n, 'click')}${one.timeouts > 0 ? `, ${count(one.timeouts)} timed out` : ''}`;
}

function arrivals(record: RunRecord): Markup {
  if (record.arrivals.length === 0) return absent('on arrivals', 'no phase began');
  return table('Load by phase: what came against what was planned', [
    { title: 'phase' }, { title: 'planned', ...number }, { title: 'came', ...number }, { title: 'finished', ...number },
    { title: 'turned away', ...number }, { title: 'late at p95', ...number }, { title: 'note' },
  ], record.arrivals.map(arrivalRow), true);
}

function arrivalRow({ phase, extent, scheduled, started, finished, dropped, lateness, note }: PhaseArrivals): (string | null)[] {
  const whole = { whole: '', cut: ' (cut short)', never: ' (never began)' }[extent];
  const late = lateness === null ? null : valueText(lateness.p95Ms, 'ms');
  const plain = { whole: 'as planned', cut: 'as planned until then', never: null }[extent];
  return [`${phase}${whole}`, count(scheduled), count(started), count(finished), count(dropped), late, note ?? plain];
}

function generator(record: RunRecord): Markup {
  const found = GENERATOR.flatMap((metric) => findingsOf(record, metric));
  if (found.length === 0) return absent('on the generator’s health', 'it was not recorded');
  return table('Generator health', [
    { title: 'measure' }, { title: 'statistic' }, { title: 'observed', ...number }, { title: 'readings', ...number },
  ], found.map(({ metric, stat, value, unit, n }) =>
    [metric.replace('generator_', '').replaceAll('_', ' '), stat, valueText(value, unit), count(n)]), true);
}
