import type { CanarySummary, PhaseArrivals } from '../../../model/index.ts';
import { amount, count, counted } from '../../text.ts';
import { NOTHING, clock, findingsOf, valueText } from '../figures.ts';
import { html } from '../markup.ts';
import { table, terms } from '../table.ts';
import { absent } from '../view.ts';
import type { Section, View } from '../view.ts';

/** Returns how far the figures can be believed: what the generator did to its own measurements, and whether the load was that of the plan. */
export function trustSection({ record }: View): Section {
  const { validity, totals, plan } = record;
  const share = validity.healthyShare === null ? null : `${Math.floor(100 * validity.healthyShare)} %`;
  const number = { number: true } as const;
  const generator = ['generator_cpu', 'generator_cpu_pressure', 'generator_loop_delay', 'generator_steal', 'generator_memory'].flatMap((metric) => findingsOf(record, metric));
  return {
    id: 'trust', title: 'How far to trust this', lead: leadOf(validity.summary, share, plan.validity.min_healthy_percent),
    body: html`${validity.observer === null && validity.crowd === null ? absent('on disturbance', 'no canary ran, so nothing says what the generator did to its own measurements') : html`${terms([
      ['time in which observers were undisturbed', share === null ? 'unknown' : `${share} (at least ${plan.validity.min_healthy_percent} % needed)`],
      ['observers’ canary over the idle machine', canary(validity.observer)],
      ['crowd’s canary, which is not measured with', canary(validity.crowd)],
      ['observers who joined the crowd', totals.demoted === 0 ? 'none' : `${count(totals.demoted)}: ${plan.settings.maxObservers} were observing`],
      ['recorded lines that could not be read', totals.unreadableLines === 0 ? 'none' : count(totals.unreadableLines)],
      ['users that Artillery counted and nothing recorded', totals.artilleryDifference === null ? 'unknown' : count(Math.max(0, totals.artilleryDifference))],
    ])}`}
${validity.disturbed.length === 0 ? null : html`<ul>${validity.disturbed.map(({ fromMs, toMs, reason }) => html`<li>${clock(fromMs)}–${clock(toMs)}: ${reason}; latency from then is left out</li>`)}</ul>`}
${table('Load by phase: what came against what was planned', [
  { title: 'phase' }, { title: 'planned', ...number }, { title: 'came', ...number }, { title: 'finished', ...number }, { title: 'turned away', ...number },
  { title: 'late at p95', ...number }, { title: 'note' },
], record.arrivals.map(arrivalRow), true)}
${generator.length === 0 ? absent('on the generator’s health', 'it was not recorded') : table('Generator health', [
  { title: 'measure' }, { title: 'statistic' }, { title: 'observed', ...number }, { title: 'readings', ...number },
], generator.map(({ metric, stat, value, unit, n }) => [metric.replace('generator_', '').replaceAll('_', ' '), stat, valueText(value, unit), count(n)]), true)}`,
  };
}

function leadOf(summary: string, share: string | null, needed: number): string {
  const told = share === null ? '' : `; undisturbed for ${share} of the time, ${needed} % needed`;
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}${told}.`;
}

function canary(one: CanarySummary | null): string {
  if (one === null) return 'no data: it did not run';
  const excess = one.medianExcessMs === null ? NOTHING : `${one.medianExcessMs > 0 ? '+' : ''}${amount(one.medianExcessMs, 's')} ms`;
  return `${excess} at the median${one.idleMs === null ? '' : ` over ${amount(one.idleMs, 's')} ms`}, ${counted(one.n, 'click')}${one.timeouts > 0 ? `, ${one.timeouts} timed out` : ''}`;
}

function arrivalRow({ phase, extent, scheduled, started, finished, dropped, lateness, note }: PhaseArrivals): (string | null)[] {
  const whole = { whole: '', cut: ' (cut short)', never: ' (never began)' }[extent];
  return [`${phase}${whole}`, count(scheduled), count(started), count(finished), count(dropped), lateness === null ? null : valueText(lateness.p95Ms, 'ms'), note ?? 'as planned'];
}
