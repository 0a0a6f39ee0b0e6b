import { join } from 'node:path';
import type { RunRecord } from '../model/index.ts';
import { measuresOf, targetOf, type Measure } from './measures.ts';
import type { Reporter } from './reporter.ts';
import { harmless } from './text.ts';
import { writeWhole } from './write-file.ts';

/** Name of the job under which a Pushgateway keeps runs, and under which the dashboard looks for them. */
export const JOB = 'openshow-journeys';
/** Of the text format. */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const PUSH_LIMIT_MS = 10_000;
const SHOWN_ANSWER = 200;

/** Returns the name that Prometheus gives a metric of OpenTelemetry (its specification, "Prometheus compatibility"). */
export function prometheusName({ name, unit }: Pick<Measure, 'name' | 'unit'>): string {
  const suffix = { s: '_seconds', '1': '_ratio', '{request}/s': '_per_second' }[unit] ?? '';
  return `${labelName(name)}${suffix}`;
}

function labelName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/g, '_');
}

/** Returns a record in Prometheus' text format. */
export function prometheusText(record: RunRecord): Promise<string> {
  return exposition(measuresOf(record));
}

/** Returns measures in Prometheus' text format 0.0.4, without time stamps: neither gateways nor collectors take any. */
export async function exposition(measures: readonly Measure[]): Promise<string> {
  const { Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  for (const [name, alike] of Map.groupBy(measures, prometheusName)) {
    const labelNames = [...new Set(alike.flatMap(({ attributes }) => Object.keys(attributes).map(labelName)))];
    const help = harmless(alike[0]?.description ?? '');
    const gauge = new Gauge({ name, help, labelNames, registers: [registry] });
    for (const { attributes, value } of alike) {
      gauge.set(Object.fromEntries(Object.entries(attributes).map(([key, text]) => [labelName(key), text])), value);
    }
  }
  return registry.metrics();
}

/** metrics.prom: for a textfile collector, or to be served as it is. */
export const prometheusReporter: Reporter = {
  name: 'metrics.prom',
  write: async (record, context) => {
    await writeWhole(join(context.runDir, 'metrics.prom'), await prometheusText(record));
  },
};

/**
 * Puts the run to a Pushgateway, in place of the run before of the same profile and target. With fetch: prom-client's
 * own client writes label values into the path as they are, where a slash or an empty one is another address. Throws an
 * Error that says what came back; credentials of the address are not in it.
 */
export async function push(record: RunRecord, gatewayUrl: string): Promise<void> {
  const url = new URL(gatewayUrl);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const grouping = [['job', JOB], ['profile', record.plan.profile], ['target', targetOf(record)]] as const;
  const path = grouping.map(([label, value]) => `${label}@base64/${base64(harmless(value))}`);
  url.pathname = [url.pathname.replace(/\/+$/, ''), 'metrics', ...path].join('/');
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  const where = `Pushgateway ${url.origin}`;
  const response = await fetch(url, {
    method: 'PUT',
    body: await prometheusText(record),
    headers: { 'content-type': CONTENT_TYPE, ...(username === '' ? {} : { authorization }) },
    // A gateway that sends elsewhere would be sent the credentials, too.
    redirect: 'error',
    signal: AbortSignal.timeout(PUSH_LIMIT_MS),
  }).catch((thrown: unknown) => {
    throw new Error(`${where}: ${reasonOf(thrown)}`);
  });
  if (response.ok) return void response.body?.cancel();
  const answer = harmless((await response.text().catch(() => '')).slice(0, SHOWN_ANSWER));
  throw new Error(`${where}: status ${response.status}${answer === '' ? '' : `: ${answer}`}`);
}

/** The gateway's form for values that may hold a slash; `=` stands for an empty one. */
function base64(value: string): string {
  return value === '' ? '=' : Buffer.from(value).toString('base64url');
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? thrown.cause.message || thrown.message : thrown.message;
}

/** Sends the run to a Pushgateway, where the caller names one. */
export const pushgatewayReporter: Reporter = {
  name: 'Pushgateway',
  write: async (record, context) => {
    const url = context.outlets?.pushgatewayUrl ?? null;
    if (url !== null) await push(record, url);
  },
};
