/** Path segments that name one thing among many: numbers, UUIDs, long hexadecimal or prefixed random ids. */
const ID = /^(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12,}|[a-z]{2,5}_[A-Za-z0-9_-]{6,}|(?=[^/]*\d)[A-Za-z0-9_-]{16,})$/;

/**
 * Returns a function from a URL or path to its route, so that `/projects/41` and `/projects/42` count as one. Patterns such as
 * `/find/:slug` win; other ids are told by their shape. Another origin keeps its host, so that it is never taken for ours.
 */
export function createRouter(targetUrl: string, patterns: readonly string[] = []): (url: string) => string {
  const origin = new URL(targetUrl).origin;
  const compiled = patterns.map((pattern) => ({
    pattern,
    regex: new RegExp(`^${pattern.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : escape(part))).join('/')}$`),
  }));
  const cache = new Map<string, string>();
  return (url) => {
    const parsed = URL.parse(url, origin);
    if (!parsed) return url.slice(0, 80);
    const key = parsed.origin + parsed.pathname;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const named = compiled.find(({ regex }) => regex.test(parsed.pathname))?.pattern;
    const path = named ?? parsed.pathname.split('/').map((part) => (ID.test(part) ? ':id' : part)).join('/');
    const route = parsed.origin === origin ? path : parsed.host + path;
    // Bounded: a site with endless addresses must not fill the generator's memory.
    if (cache.size < 5_000) cache.set(key, route);
    return route;
  };
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** One metric of a Server-Timing header; a metric may come without a duration. */
export interface ServerTimingMetric {
  name: string;
  durationMs: number | null;
  description: string | null;
}

/** Returns the metrics of a Server-Timing header (W3C); what it cannot read is left out. */
export function parseServerTiming(header: string): ServerTimingMetric[] {
  // A quote that is never closed reaches to the end, so that nothing inside of it is taken for a metric.
  return (header.match(/(?:[^,"]|"[^"]*(?:"|$))+/g) ?? []).flatMap((metric): ServerTimingMetric[] => {
    const [name, ...params] = (metric.match(/(?:[^;"]|"[^"]*(?:"|$))+/g) ?? []).map((part) => part.trim());
    if (!name) return [];
    const found: ServerTimingMetric = { name, durationMs: null, description: null };
    for (const param of params) {
      const [key, raw = ''] = param.split(/=(.*)/s);
      const value = raw.replace(/^"(.*)"$/s, '$1');
      if (key === 'dur' && value !== '' && Number.isFinite(Number(value))) found.durationMs = Number(value);
      if (key === 'desc') found.description = value;
    }
    return [found];
  });
}
