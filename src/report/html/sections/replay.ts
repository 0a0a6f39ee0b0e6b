import type { ReplayReport, RunRecord } from '../../../model/index.ts';
import { cacheText, groupName, playedText } from '../../replay-lines.ts';
import { count, counted } from '../../text.ts';
import { valueText } from '../figures.ts';
import { html } from '../markup.ts';
import type { Markup, Part } from '../markup.ts';
import { table } from '../table.ts';
import { absent } from '../view.ts';
import type { Section, View } from '../view.ts';

type Group = ReplayReport['groups'][number];

const number = { number: true } as const;
const WHO = { person: 'people', crawler: 'crawlers' } as const;
/** What each row is, for those who do not know the words. */
const ABOUT: Readonly<Record<Group['group'], string>> = {
  all: '', hot: 'the most wanted', tail: 'all others', first: 'by anybody in this run: cold',
  again: 'by anybody in this run: warm', revisit: 'by the same person, whose browser has parts of it',
};

/** Returns what recorded search traffic met; no section in a run that played none. */
export function replaySection({ record }: View): Section[] {
  const { replay, plan } = record;
  if (!replay) return [];
  const { groups, vitals } = replay;
  return [{
    id: 'replay', title: 'Replayed search traffic', lead: `${playedText(replay)}.`,
    body: html`<p>${aboutTraffic(plan)}</p>
${groups.length === 0 ? absent('for any page', 'none was played') : groupTable(groups)}
<p class="small muted">Answers to people: from when their browser sent the request, of observers only; to crawlers: from when the request was
due. Making: as the target’s Server-Timing says. Cache: of the answers that say.</p>
${vitals.length === 0 ? absent('for vitals', 'no observed person saw a page of these groups') : vitalTable(vitals)}`,
  }];
}

function aboutTraffic({ replay }: RunRecord['plan']): string {
  if (!replay) return '';
  const { source, synthetic, speed, pages, spike, expected } = replay;
  const played = `${source}${synthetic ? ', which is synthetic' : ''}, at ${speed} times the recorded speed`;
  const hot = `${counted(pages.hot, 'page')} of ${count(pages.hot + pages.tail)} are hot: together they draw ${Math.round(replay.hotShare * 100)} % of the requests`;
  const added = spike === null ? ''
    : ` Phase “${spike.phase}” adds ${spike.kind === 'burst' ? 'a burst on' : 'a crawl over'} ${counted(spike.slugs, 'page')}, ${spike.requestsPerSecond} requests a second at its height.`;
  const left = expected.leftOut === 0 ? '' : ` ${counted(expected.leftOut, 'recorded request')} of this time left out: other pages, and failures.`;
  return `${played}. ${hot}.${added}${left}`;
}

function groupTable(groups: readonly Group[]): Markup {
  const rows = groups.map((one): Part[] => [
    html`${WHO[one.by]}, ${groupName(one.group)}${ABOUT[one.group] === '' ? null : html` <span class="small muted">${ABOUT[one.group]}</span>`}`,
    count(one.latency.n), count(one.latency.failed), valueText(one.latency.p50Ms, 'ms'), valueText(one.latency.p75Ms, 'ms'),
    valueText(one.latency.p95Ms, 'ms'), valueText(one.generation.p75Ms, 'ms'), valueText(one.generation.p95Ms, 'ms'), cacheText(one), count(one.cacheKnown),
  ]);
  return table('What replayed pages took', [
    { title: 'pages' }, { title: 'timed', ...number }, { title: 'failed', ...number }, { title: 'p50', ...number },
    { title: 'p75', ...number }, { title: 'p95', ...number }, { title: 'made in, p75', ...number }, { title: 'p95', ...number },
    { title: 'from the cache', ...number }, { title: 'of', ...number },
  ], rows);
}

function vitalTable(vitals: ReplayReport['vitals']): Markup {
  const rows = vitals.map(({ page, name, p75, n, rating }): Part[] =>
    [page, name, valueText(p75, name === 'CLS' ? 'score' : 'ms'), count(n), rating ?? '']);
  return table('Vitals as search engines count them: the 75th percentile of page views, a page group a row', [
    { title: 'page group' }, { title: 'vital' }, { title: 'p75', ...number }, { title: 'page views', ...number }, { title: 'rating' },
  ], rows, true);
}
