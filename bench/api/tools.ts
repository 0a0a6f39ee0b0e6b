import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

/** What a tool is asked to send. */
export interface Order {
  url: string;
  /** Null for as many as it can. */
  ratePerSecond: number | null;
  seconds: number;
  connections: number;
  /** For its files. */
  folder: string;
}

/** What a tool says it has measured. */
export interface Measured {
  p50Ms: number | null;
  p99Ms: number | null;
  ok: number;
  failed: number;
  /** Sent late, where the tool tells. */
  late: number | null;
}

export interface Tool {
  id: string;
  /** Why it cannot be run here; null where it can. */
  missing: string | null;
  /** It keeps to a rate; else it sends as fast as its connections are answered. */
  openLoop: boolean;
  command: (order: Order) => { file: string; args: string[]; env?: Record<string, string> };
  read: (output: string, order: Order) => Measured;
}

export const LANE = 'API lane';
export const WRK = 'wrk';

const NODE = process.execPath;
const packageFolder = (name: string): string => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));

/** Returns where a program is on the PATH, or null. */
function onPath(name: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      continue;
    }
  }
  return null;
}

const wrk = onPath('wrk');
const k6 = onPath('k6');

/** The lane first, then its peers: the same in every round. */
export const TOOLS: readonly Tool[] = [
  {
    id: LANE, missing: null, openLoop: true,
    command: (order) => ({ file: NODE, args: [join(import.meta.dirname, 'lane-child.ts'), JSON.stringify(order)] }),
    read: (output) => JSON.parse(output) as Measured,
  },
  {
    id: "Artillery's HTTP engine", missing: null, openLoop: true,
    command: (order) => {
      const script = join(order.folder, 'artillery.json');
      const { origin, pathname } = new URL(order.url);
      writeFileSync(script, JSON.stringify({
        config: {
          target: origin, phases: [{ duration: order.seconds, arrivalRate: order.ratePerSecond }],
          http: { pool: order.connections, timeout: 5 },
        },
        scenarios: [{ flow: [{ get: { url: pathname } }] }],
      }));
      const run = join(packageFolder('artillery'), 'bin', 'run');
      return {
        file: NODE, args: [run, 'run', '--quiet', '--output', join(order.folder, 'artillery-out.json'), script],
        env: { ARTILLERY_DISABLE_TELEMETRY: 'true' },
      };
    },
    read: (_, { folder }) => {
      const { aggregate } = JSON.parse(readFileSync(join(folder, 'artillery-out.json'), 'utf8')) as ArtilleryReport;
      const times = aggregate.summaries['http.response_time'];
      const ok = aggregate.counters['http.codes.200'] ?? 0;
      return { p50Ms: times?.p50 ?? null, p99Ms: times?.p99 ?? null, ok, failed: (aggregate.counters['http.requests'] ?? 0) - ok, late: null };
    },
  },
  {
    id: 'autocannon', missing: null, openLoop: false,
    command: ({ url, ratePerSecond, seconds, connections }) => {
      const rate = ratePerSecond === null ? [] : ['-R', String(ratePerSecond)];
      return { file: NODE, args: [join(packageFolder('autocannon'), 'autocannon.js'), '-j', '-c', String(connections), '-d', String(seconds), ...rate, url] };
    },
    read: (output) => {
      const { latency, '2xx': ok, non2xx, errors } = JSON.parse(output) as AutocannonReport;
      return { p50Ms: latency.p50, p99Ms: latency.p99, ok, failed: non2xx + errors, late: null };
    },
  },
  {
    id: WRK, missing: wrk ? null : 'no wrk on the PATH (Debian: apt-get install wrk)', openLoop: false,
    command: ({ url, seconds, connections }) => ({
      file: wrk ?? WRK, args: ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency', url],
    }),
    read: (output) => {
      const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
      const broken = /Socket errors: (.*)/.exec(output)?.[1]?.match(/\d+/g) ?? [];
      return {
        p50Ms: durationMs(/^\s+50%\s+(\S+)/m.exec(output)?.[1]), p99Ms: durationMs(/^\s+99%\s+(\S+)/m.exec(output)?.[1]),
        ok: Number(/(\d+) requests in/.exec(output)?.[1] ?? 0) - refused,
        failed: broken.reduce((sum, count) => sum + Number(count), refused), late: null,
      };
    },
  },
  {
    id: 'k6', missing: k6 ? null : 'no k6 on the PATH', openLoop: true,
    command: (order) => {
      const file = join(order.folder, 'k6.js');
      writeFileSync(file, k6Script(order));
      return { file: k6 ?? 'k6', args: ['run', '--quiet', '--no-usage-report', file] };
    },
    read: (_, { folder }) => {
      const { metrics } = JSON.parse(readFileSync(join(folder, 'k6.json'), 'utf8')) as K6Report;
      const { values: times } = metrics.http_req_duration;
      const failed = metrics.http_req_failed?.values.passes ?? 0;
      const all = metrics.http_reqs.values.count;
      const dropped = metrics.dropped_iterations?.values.count ?? 0;
      return { p50Ms: times.med, p99Ms: times['p(99)'], ok: all - failed, failed: failed + dropped, late: null };
    },
  },
];

interface ArtilleryReport {
  aggregate: { counters: Record<string, number>; summaries: Record<string, { p50: number; p99: number } | undefined> };
}

interface AutocannonReport {
  latency: { p50: number; p99: number };
  '2xx': number;
  non2xx: number;
  errors: number;
}

interface K6Report {
  metrics: {
    http_req_duration: { values: { med: number; 'p(99)': number } };
    http_reqs: { values: { count: number } };
    /** A rate's passes are the requests for which it is true. */
    http_req_failed?: { values: { passes: number } };
    dropped_iterations?: { values: { count: number } };
  };
}

function k6Script({ url, ratePerSecond, seconds, connections, folder }: Order): string {
  const scenario = ratePerSecond === null
    ? { executor: 'constant-vus', vus: connections, duration: `${seconds}s` }
    : { executor: 'constant-arrival-rate', rate: ratePerSecond, timeUnit: '1s', duration: `${seconds}s`, preAllocatedVUs: connections, maxVUs: 4 * connections };
  return `import http from 'k6/http';
export const options = {
  scenarios: { load: ${JSON.stringify(scenario)} }, discardResponseBodies: true, summaryTrendStats: ['med', 'p(99)'],
};
export default function () { http.get(${JSON.stringify(url)}); }
export function handleSummary(data) { return { ${JSON.stringify(join(folder, 'k6.json'))}: JSON.stringify(data) }; }
`;
}

/** Returns wrk's `10.82ms`, `812.00us` or `1.01s` in milliseconds; null of nothing. */
function durationMs(text: string | undefined): number | null {
  const [, value, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(text ?? '') ?? [];
  if (value === undefined || unit === undefined) return null;
  return Number(value) * ({ us: 0.001, ms: 1, s: 1_000, m: 60_000 }[unit] ?? NaN);
}
