import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join, resolve } from 'node:path';
import type { HarnessSettings } from '../../plan/settings.ts';
import { budgetMeasures, checkMeasures } from '../../report/check-measures.ts';
import type { Measure } from '../../report/measures.ts';
import { CONTENT_TYPE, exposition } from '../../report/prometheus.ts';
import { computeBudgets, readRules } from '../budget/compute.ts';
import { newestRound } from '../synthetic/record.ts';
import { NewestRuns } from './runs.ts';

export interface ExporterOptions {
  /** The checkout, for slo.yml. */
  root: string;
  settings: HarnessSettings;
  host: string;
  /** 0 for any free one. */
  port: number;
  nowEpochMs: () => number;
}

/** Budgets are worked out from a month of checks: once a minute is often enough. */
const BUDGETS_KEPT_MS = 60_000;

/**
 * Serves at /metrics the newest run of each profile and target, the newest round of checks and the error budgets, worked out
 * from the reports folder at each scrape. Returns the server once it listens; rejects where it cannot.
 */
export async function serveMetrics(options: ExporterOptions): Promise<Server> {
  const page = exporter(options);
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, text: string): void => {
      response.writeHead(status, { 'content-type': type }).end(request.method === 'HEAD' ? undefined : text);
    };
    if (!['GET', 'HEAD'].includes(request.method ?? '') || request.url?.split('?')[0] !== '/metrics') {
      answer(404, 'text/plain', 'The figures are at /metrics.\n');
      return;
    }
    page().then(
      (text) => answer(200, CONTENT_TYPE, text),
      // What went wrong may name paths of this machine, which are no business of who asks.
      () => answer(500, 'text/plain', 'The figures cannot be read.\n'),
    );
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return server;
}

function exporter({ root, settings, nowEpochMs }: ExporterOptions): () => Promise<string> {
  const reports = resolve(root, settings.REPORTS_DIR);
  const folder = join(reports, 'checks');
  const runs = new NewestRuns(reports);
  let budgets = { measures: [] as Measure[], faults: 0, atEpochMs: -Infinity };
  const readBudgets = async (): Promise<typeof budgets> => {
    const atEpochMs = nowEpochMs();
    const asked = { settings, folder, target: undefined, nowEpochMs: atEpochMs };
    const rules = await readRules(root).catch(() => null);
    // Runs and checks are served all the same; "npm run budget" names what is wrong with slo.yml.
    if (rules === null) return { measures: [], faults: 1, atEpochMs };
    const { target, budgets: known, faults } = await computeBudgets(rules, asked);
    return { measures: target === null ? [] : budgetMeasures(known, target), faults: faults.length, atEpochMs };
  };
  return async () => {
    const { measures, unreadable } = await runs.read();
    const round = await newestRound(folder, ({ event }) => event === 'ran');
    if (nowEpochMs() - budgets.atEpochMs >= BUDGETS_KEPT_MS) budgets = await readBudgets();
    const own = (name: string, description: string, value: number): Measure =>
      ({ name: `journeys.exporter.${name}`, unit: '', description, attributes: {}, value });
    return exposition([
      ...measures, ...(round === null ? [] : checkMeasures(round)), ...budgets.measures,
      own('unreadable_runs', 'Runs whose record.json cannot be read.', unreadable),
      own('faults', 'What could not be read for error budgets; "npm run budget" names it.', budgets.faults),
    ]);
  };
}
