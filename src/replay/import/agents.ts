import type { VisitorKind } from '../../model/index.ts';

/** What is kept of a user agent: words of this file only. */
export interface Family {
  family: string;
  kind: VisitorKind;
}

/**
 * In the order in which they are tried: crawlers say that they are browsers, and browsers that they are other browsers.
 * No package: those return names and versions as they found them, and nothing found in a log may be written.
 */
const FAMILIES: [found: RegExp, family: string, kind: VisitorKind][] = [
  [/openshow-journeys\//i, 'load test', 'other'],
  [/Google(?:bot|Other|-InspectionTool)|(?:AdsBot|Mediapartners|Storebot)-Google/i, 'Googlebot', 'crawler'],
  [/bingbot|BingPreview|adidxbot|msnbot/i, 'Bingbot', 'crawler'],
  [/DuckDuckBot|DuckAssistBot/i, 'DuckDuckBot', 'crawler'],
  [/YandexBot|Yandex[A-Z]\w+Bot|YandexImages/i, 'YandexBot', 'crawler'],
  [/Baiduspider/i, 'Baiduspider', 'crawler'],
  [/Applebot/i, 'Applebot', 'crawler'],
  [/Slurp/i, 'Yahoo Slurp', 'crawler'],
  [/facebookexternalhit|meta-external|facebookcatalog/i, 'Meta', 'crawler'],
  [/Twitterbot/i, 'Twitterbot', 'crawler'],
  [/LinkedInBot/i, 'LinkedInBot', 'crawler'],
  [/GPTBot|OAI-SearchBot|ChatGPT-User/i, 'OpenAI', 'crawler'],
  [/ClaudeBot|Claude-User|Claude-SearchBot|anthropic-ai/i, 'Anthropic', 'crawler'],
  [/CCBot/i, 'CCBot', 'crawler'],
  [/PerplexityBot/i, 'PerplexityBot', 'crawler'],
  [/Amazonbot/i, 'Amazonbot', 'crawler'],
  [/Bytespider/i, 'Bytespider', 'crawler'],
  [/PetalBot/i, 'PetalBot', 'crawler'],
  [/AhrefsBot/i, 'AhrefsBot', 'crawler'],
  [/SemrushBot/i, 'SemrushBot', 'crawler'],
  [/MJ12bot/i, 'MJ12bot', 'crawler'],
  [/ELB-HealthChecker|GoogleHC|kube-probe|UptimeRobot|Better Uptime|Pingdom/i, 'monitor', 'other'],
  [/StatusCake|Site24x7|Datadog/i, 'monitor', 'other'],
  // Cubot makes telephones.
  [/(?<!cu)bot(?![a-z])|crawl|spider|archiver|scrap(?:er|y)/i, 'other crawler', 'crawler'],
  [/HeadlessChrome|PhantomJS|Playwright|Puppeteer|Lighthouse/i, 'headless browser', 'other'],
  [/^curl\//i, 'curl', 'other'],
  [/^Wget\//i, 'Wget', 'other'],
  [/python|aiohttp|httpx/i, 'Python', 'other'],
  [/^Go-http-client|^Go \d/i, 'Go', 'other'],
  [/okhttp|Apache-HttpClient|^Java\//i, 'Java', 'other'],
  [/node-fetch|axios|undici|^node\b|got \(/i, 'Node', 'other'],
  [/PostmanRuntime|insomnia/i, 'API client', 'other'],
  [/Edg(?:e|A|iOS)?\//, 'Edge', 'person'],
  [/OPR\/|Opera/, 'Opera', 'person'],
  [/SamsungBrowser\//, 'Samsung Internet', 'person'],
  [/Firefox\/|FxiOS\//, 'Firefox', 'person'],
  [/Chrome\/|CriOS\/|Chromium\//, 'Chrome', 'person'],
  [/Safari\//, 'Safari', 'person'],
  [/^Mozilla\//, 'other browser', 'person'],
];
const NONE: Family = { family: 'none', kind: 'other' };
const OTHER: Family = { family: 'other program', kind: 'other' };
const KNOWN = FAMILIES.map(([found, family, kind]) => ({ found, is: { family, kind } }));

/** Returns the family of a user agent and who uses it. What pretends to be a browser counts as a person. */
export function familyOf(agent: string): Family {
  if (agent === '') return NONE;
  return KNOWN.find(({ found }) => found.test(agent))?.is ?? OTHER;
}
