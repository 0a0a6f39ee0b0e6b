import type { Plan } from '../model/index.ts';

/** Returns lines for people: what a run plays, and what of it is left out. */
export function replayLines({ replay }: Pick<Plan, 'replay'>): string[] {
  if (!replay) return [];
  const { source, synthetic, speed, expected, load, pages, spike } = replay;
  const visits = load.reduce((sum, one) => sum + one.visits, 0);
  const leftOut = expected.leftOut === 0 ? '' : `, ${expected.leftOut} left out (other pages, failures)`;
  const added = spike === null ? [] : [
    `spike in phase "${spike.phase}": ${spike.kind === 'burst' ? 'a burst on' : 'a crawl over'} ${Math.min(spike.slugs, pages.hot + pages.tail)} pages, `
      + `${spike.requestsPerSecond} requests a second at its height`,
  ];
  return [
    `${source}${synthetic ? ' (synthetic)' : ''} at ${speed} times its speed, ${pages.hot} hot pages of ${pages.hot + pages.tail}`,
    `${visits} visits of people to ${expected.people} pages, ${expected.crawlers} requests of crawlers${leftOut}`,
    ...added,
  ];
}
