import type { VisitorKind } from '../../model/index.ts';

/** A program that asks for pages: its family, as the import names it, and what it says of itself. */
export interface Agent {
  family: string;
  kind: VisitorKind;
  text: string;
}

const MOZILLA = 'Mozilla/5.0';
const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const CHROME = 'Chrome/140.0.0.0 Safari/537.36';
const GOOGLEBOT = '(compatible; Googlebot/2.1; +http://www.google.com/bot.html)';

/**
 * Browsers in about the shares that they have of the web (Chrome two thirds), each entry drawn with the same chance.
 */
export const BROWSERS: readonly Agent[] = [
  ...['Windows NT 10.0; Win64; x64', 'Macintosh; Intel Mac OS X 10_15_7', 'X11; Linux x86_64', 'Linux; Android 10; K']
    .map((system): Agent => ({ family: 'Chrome', kind: 'person', text: `${MOZILLA} (${system}) ${WEBKIT} ${CHROME}` })),
  {
    family: 'Edge', kind: 'person',
    text: `${MOZILLA} (Windows NT 10.0; Win64; x64) ${WEBKIT} ${CHROME} Edg/140.0.0.0`,
  },
  { family: 'Firefox', kind: 'person', text: `${MOZILLA} (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0` },
  {
    family: 'Safari', kind: 'person',
    text: `${MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) `
      + 'Version/18.6 Mobile/15E148 Safari/604.1',
  },
];

export const CRAWLERS: readonly Agent[] = [
  { family: 'Googlebot', kind: 'crawler', text: `${MOZILLA} ${GOOGLEBOT}` },
  {
    family: 'Bingbot', kind: 'crawler',
    text: `${MOZILLA} (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)`,
  },
  {
    family: 'Googlebot', kind: 'crawler',
    text: `${MOZILLA} (Linux; Android 6.0.1; Nexus 5X) ${WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36 ${GOOGLEBOT}`,
  },
  { family: 'DuckDuckBot', kind: 'crawler', text: 'DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)' },
  {
    family: 'Applebot', kind: 'crawler',
    text: `${MOZILLA} (compatible; Applebot/0.1; +http://www.apple.com/go/applebot)`,
  },
];

/** What watches whether the site is up. */
export const MONITOR: Agent = { family: 'curl', kind: 'other', text: 'curl/8.5.0' };
