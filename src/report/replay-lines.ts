import type { Lateness, ReplayReport, RunRecord } from '../model/index.ts';
import { amount, count, counted, harmless, withUnit } from './text.ts';

type Group = ReplayReport['groups'][number];

/** What a group of replayed pages is called in a sentence. */
const NAMES: Readonly<Record<Group['group'], string>> = {
  all: 'all', hot: 'hot pages', tail: 'long tail', first: 'asked for first', again: 'again', revisit: 'revisits',
};

/** Returns what replayed traffic met, a sentence a line; nothing for a run that played none. */
export function replayLines({ replay, plan, totals }: Pick<RunRecord, 'replay' | 'plan' | 'totals'>): string[] {
  if (!replay) return [];
  const speed = plan.replay === undefined || plan.replay.speed === 1 ? '' : `, at ${plan.replay.speed} times the recorded speed`;
  return [`${playedText(replay, totals)}${speed}`, ...(['person', 'crawler'] as const).flatMap((by) => lineOf(replay, by)), ...vitalsLine(replay)];
}

/**
 * Returns `312 pages of people and 1,204 requests of crawlers (3 over 10 ms late, p95 2 ms, longest 31 ms) were played, 2 never
 * sent`. What a run that was cut did not come to is no fault of the generator, and called otherwise.
 */
export function playedText({ played }: ReplayReport, { ended, stopped }: Pick<RunRecord['totals'], 'ended' | 'stopped'>): string {
  const { people, crawlers, late, neverSent, lateness } = played;
  const untold = lateness === undefined && late > 0 ? `, ${count(late)} late` : '';
  const whole = ended === 'completed' && stopped === null;
  const missing = neverSent === 0 ? '' : `, ${count(neverSent)} ${whole ? 'never sent' : 'not played, as the run ended early'}`;
  return `${counted(people, 'page')} of people${lateText(lateness?.person)} and ${counted(crawlers, 'request')} of crawlers${lateText(lateness?.crawler)} were played${untold}${missing}`;
}

function lateText(lateness: Lateness | null | undefined): string {
  if (!lateness || lateness.late === 0) return '';
  const { late, toleranceMs, p95Ms, maxMs } = lateness;
  return ` (${count(late)} over ${withUnit(toleranceMs, 'ms')} late, p95 ${withUnit(p95Ms, 'ms')}, longest ${withUnit(maxMs, 'ms')})`;
}

/** Returns `93.1 %`; a dash where no answer said anything. */
export function cacheText({ cacheHitShare }: Group): string {
  return cacheHitShare === null ? '–' : `${amount(cacheHitShare * 100, '%')} %`;
}

/** Returns what a group of pages is called. */
export function groupName(group: Group['group']): string {
  return NAMES[group];
}

function lineOf({ groups }: ReplayReport, by: Group['by']): string[] {
  const own = groups.filter((one) => one.by === by);
  const times = (['first', 'again', 'revisit'] as const).flatMap((group) => {
    const latency = own.find((one) => one.group === group)?.latency;
    return latency === undefined || latency.p75Ms === null ? [] : [`${NAMES[group]} ${withUnit(latency.p75Ms, 'ms')} (n ${count(latency.n)})`];
  });
  const caches = (['hot', 'tail'] as const).flatMap((group) => {
    const found = own.find((one) => one.group === group);
    return found === undefined || found.cacheHitShare === null ? [] : [`${NAMES[group]} ${cacheText(found)} (n ${count(found.cacheKnown)})`];
  });
  const failed = own.find(({ group }) => group === 'all')?.latency.failed ?? 0;
  const parts = [
    ...(times.length > 0 ? [`p75 ${times.join(', ')}`] : []),
    ...(caches.length > 0 ? [`from the cache: ${caches.join(', ')}`] : []),
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
  ];
  return parts.length === 0 ? [] : [`${by === 'person' ? 'people' : 'crawlers'}: ${parts.join(' · ')}`];
}

/** Of what search engines count: largest paint, response to input, shifts of the layout. */
const CORE = ['LCP', 'INP', 'CLS'];

function vitalsLine({ vitals }: ReplayReport): string[] {
  const rated = vitals.filter(({ name, rating }) => CORE.includes(name) && rating !== null);
  const texts = rated.map(({ page, name, p75, n, rating }) =>
    `${name} ${p75 === null ? '–' : withUnit(p75, name === 'CLS' ? 'score' : 'ms')} ${rating ?? ''} (${harmless(page)}, n ${count(n)})`);
  return texts.length === 0 ? [] : [`as search engines count (p75): ${texts.join(', ')}`];
}
