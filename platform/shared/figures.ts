/** One metric of one process, in the shape that prom-client gives and takes (`getMetricsAsJSON`). */
export interface Figure {
  name: string;
  help: string;
  type: string;
  aggregator: string;
  values: { labels: Record<string, string | number>; value: number; metricName?: string }[];
}

/** A plain figure, for parts too small for a metrics library. */
export function figure(
  type: 'counter' | 'gauge', name: string, help: string, labels: Record<string, string>, value: number,
): Figure {
  return { name, help, type, aggregator: 'sum', values: [{ labels, value }] };
}

/** Time since the start of this process. With CPU time it gives the share of a core that a service used. */
export const wallSeconds = (labels: Record<string, string>): Figure => figure('counter', 'process_wall_seconds_total',
  'Time that the processes of a service have been up.', labels, process.uptime());

/** CPU, memory and age of this process, named as prom-client does for those that use it. */
export function processFigures(service: string): Figure[] {
  const labels = { service, process: service };
  const { user, system } = process.cpuUsage();
  return [
    figure('counter', 'process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', labels,
      (user + system) / 1e6),
    figure('gauge', 'process_resident_memory_bytes', 'Resident memory size in bytes.', labels,
      process.memoryUsage.rss()),
    wallSeconds(labels),
  ];
}

/** Requests of one service, for its rate. */
export const requestFigure = (service: string, count: number): Figure => figure('counter', 'service_requests_total',
  'Requests to a service; of the database, its queries.', { service }, count);
