import { fetchBounded, NoPage, type Bounds } from './bounded-fetch.ts';
import { NotAMetricsPage, PageParser, type MetricsPage } from './exposition.ts';

/** A metrics page as it was read, or why it was not. */
export type Scraped = { page: MetricsPage; atMs: number } | { missing: string };

/** No exporter of one target is larger; what is, is refused while it comes. */
export const LARGEST_PAGE_BYTES = 20 * 1024 ** 2;

const ACCEPT = 'text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1';

export interface ScrapeOptions extends Omit<Bounds, 'maxBytes'> {
  wanted: (name: string) => boolean;
  /** Milliseconds on any clock that does not jump; a scrape is dated by its start, as Prometheus does. */
  now: () => number;
}

/** Reads a metrics page. Never throws: whatever an exporter does, the run goes on. */
export async function scrape(url: string, { wanted, now, ...bounds }: ScrapeOptions): Promise<Scraped> {
  const atMs = now();
  let parser: PageParser | null = null;
  let host = '';
  try {
    const limits = { ...bounds, maxBytes: LARGEST_PAGE_BYTES };
    await fetchBounded({ url, accept: ACCEPT }, limits, (text, from) => {
      host = from.host;
      if (from.status !== 200) throw new NotAMetricsPage(`it answers ${from.status}`);
      parser ??= new PageParser({ wanted, openMetrics: from.contentType.includes('openmetrics') });
      parser.push(text);
    });
    return { page: (parser ?? new PageParser({ wanted })).end(), atMs };
  } catch (error) {
    if (error instanceof NoPage) return { missing: error.message };
    if (error instanceof NotAMetricsPage) return { missing: `not a metrics page: ${host}, ${error.message}` };
    return { missing: `not a metrics page: ${host}, it cannot be read (${(error as Error).message})` };
  }
}
