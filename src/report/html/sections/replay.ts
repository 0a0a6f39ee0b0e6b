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
/** Returns what recorded search traffic met; no section in a run that played none. */
export function replaySection({ record }: View): Section[] {
  const { replay, plan } = record;
  if (!replay) return [];
  const { groups, vitals } = replay;
  return [{
    id: 'replay', title: 'Replayed search traffic', lead: `${playedText(replay, record.totals)}.`,
    body: html`<p>${aboutTraffic(plan)}</p>
${groups.length === 0 ? absent('for any page', 'none was played') : groupTable(groups)}
<p class="small muted">Hot: the most wanted pages; long tail: all others. Asked for first: by anybody in this run, so that the target is cold; again:
warm; revisits: by the same person, whose browser has parts of it. People: from when their browser sent the request, of observers only; crawlers:
from when the request left. Made in: as the target’s Server-Timing says. Cache: of the answers that say.</p>
<p class="small muted">Nobody clicks in a replay, so that there is no INP.</p>
${vitals.length === 0 ? absent('for vitals', 'no observed person saw a page of these groups') : vitalTable(vitals)}`,
  }];
}

function aboutTraffic({ replay }: RunRecord['plan']): string {
  if (!replay) return '';
  const { source, synthetic, speed, pages, spike, expected } = replay;
  const played = `${source}${synthetic ? ', which is synthetic' : ''}, at ${speed} times the recorded speed`;
  const hot = `${counted(pages.hot, 'page')} of ${count(pages.hot + pages.tail)} are hot: together they draw at least ${Math.round(replay.hotShare * 100)} % of what was recorded`;
  const added = spike === null ? ''
    : ` Phase “${spike.phase}” adds ${spike.kind === 'burst' ? 'a burst on' : 'a crawl over'} ${counted(Math.min(spike.slugs, pages.hot + pages.tail), 'page')}, ${spike.requestsPerSecond} requests a second at its height.`;
  const left = expected.leftOut === 0 ? '' : ` ${counted(expected.leftOut, 'recorded request')} of this time left out: other pages, and failures.`;
  return `${played}. ${hot}.${added}${left}`;
}

function groupTable(groups: readonly Group[]): Markup {
  const rows = groups.map((one): Part[] => [
    `${WHO[one.by]}, ${groupName(one.group)}`, count(one.latency.n), count(one.latency.failed), shortMs(one.latency.p50Ms),
    shortMs(one.latency.p75Ms), shortMs(one.latency.p95Ms), shortMs(one.generation.p75Ms), shortMs(one.generation.p95Ms),
    cacheText(one), count(one.cacheKnown),
  ]);
  return table('What replayed pages took', [
    { title: 'pages' }, { title: 'timed', ...number }, { title: 'failed', ...number }, { title: 'p50', ...number },
    { title: 'p75', ...number }, { title: 'p95', ...number }, { title: 'made in, p75', ...number }, { title: 'made in, p95', ...number },
    { title: 'from the cache', ...number }, { title: 'of', ...number },
  ], rows);
}

/** Pages from a cache are made in less than a millisecond, which is not none. */
function shortMs(value: number | null): string {
  return value !== null && value > 0 && value < 10 ? `${Number(value.toPrecision(2))} ms` : valueText(value, 'ms');
}

function vitalTable(vitals: ReplayReport['vitals']): Markup {
  const rows = vitals.map(({ page, name, p75, n, rating }): Part[] =>
    [page, name, valueText(p75, name === 'CLS' ? 'score' : 'ms'), count(n), rating ?? '']);
  return table('Vitals as search engines count them, a page group a row', [
    { title: 'page group' }, { title: 'vital' }, { title: 'p75', ...number }, { title: 'page views', ...number }, { title: 'rating' },
  ], rows, true);
}
