import type { RunRecord } from '../model/index.ts';
import { measuresOf } from './measures.ts';
import { JOB } from './prometheus.ts';
import type { Reporter } from './reporter.ts';

/** OpenTelemetry's words for how a suite ended (semantic conventions, `test.suite.run.status`). */
const RUN_STATUS = { GO: 'success', 'NO-GO': 'failure', INCONCLUSIVE: 'skipped' } as const;

/**
 * Sends a record's figures as OpenTelemetry metrics (OTLP over HTTP), once. The exporter reads where, and how, from the
 * process's environment: OTEL_EXPORTER_OTLP_ENDPOINT and its standard companions for headers, time limit, compression and
 * certificates; it tries again within its time limit (ten seconds unless OTEL_EXPORTER_OTLP_TIMEOUT says otherwise).
 * Throws an Error with what came back.
 */
export async function sendOtlp(record: RunRecord): Promise<void> {
  const { OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: own, OTEL_EXPORTER_OTLP_PROTOCOL: general } = process.env;
  if ((own || general) === 'grpc') throw new Error('OTEL_EXPORTER_OTLP_PROTOCOL: grpc is not spoken here, only http');
  const [{ MeterProvider, MetricReader }, { OTLPMetricExporter }, resources] = await Promise.all([
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/exporter-metrics-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  /** Collects when it is asked to: the SDK's own readers export in periods, and tell nobody that it failed. */
  class OnceReader extends MetricReader {
    protected override onShutdown(): Promise<void> {
      return Promise.resolve();
    }

    protected override onForceFlush(): Promise<void> {
      return Promise.resolve();
    }
  }
  const { plan, environment, provenance, verdict } = record;
  const resource = resources.resourceFromAttributes({
    'service.name': JOB,
    'service.version': provenance.harnessVersion,
    'service.instance.id': plan.runId,
    'test.suite.name': plan.profile,
    'test.suite.run.status': RUN_STATUS[verdict.decision],
    ...(environment?.commit == null ? {} : { 'vcs.ref.head.revision': environment.commit }),
  });
  // What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins.
  const named = resource.merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const reader = new OnceReader();
  const provider = new MeterProvider({ resource: named, readers: [reader] });
  const exporter = new OTLPMetricExporter();
  try {
    const meter = provider.getMeter(JOB, provenance.harnessVersion);
    for (const [name, measures] of Map.groupBy(measuresOf(record), (measure) => measure.name)) {
      const { unit = '', description = '' } = measures[0] ?? {};
      const gauge = meter.createGauge(name, { unit, description });
      for (const { value, attributes } of measures) gauge.record(value, attributes);
    }
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw new Error(String(errors[0]));
    await new Promise<void>((resolve, reject) => {
      exporter.export(resourceMetrics, ({ code, error }) => {
        // ExportResultCode.SUCCESS; the package that exports its name is not one of ours.
        if (Number(code) === 0) resolve();
        else reject(error ?? new Error('the receiver did not take the metrics'));
      });
    });
  } finally {
    await Promise.all([provider.shutdown(), exporter.shutdown()]);
  }
}

/** Sends the run as OpenTelemetry metrics, where the caller wants that. */
export const otlpReporter: Reporter = {
  name: 'OpenTelemetry',
  write: async (record, context) => {
    if (context.outlets?.otel === true) await sendOtlp(record);
  },
};
