import type { Outlets } from '../report/reporter.ts';
import type { HarnessSettings } from '../plan/settings.ts';

type Environment = Record<string, string | undefined>;

/** Settings of ours that OpenTelemetry's exporter looks for in the environment; it knows nothing of .env. */
const OTEL = [
  'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'OTEL_EXPORTER_OTLP_HEADERS',
] as const;

/**
 * Returns where a run is told beside its folder: GitHub's annotations inside of its actions, a Pushgateway and an
 * OpenTelemetry receiver where the settings name one. Puts OpenTelemetry's variables of .env into `environment`.
 */
export function outletsOf(settings: HarnessSettings, environment: Environment): Outlets {
  for (const name of OTEL) {
    const value = settings[name];
    if (value !== undefined) environment[name] = value;
  }
  const named = settings.OTEL_EXPORTER_OTLP_ENDPOINT ?? settings.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT;
  // The two by which OpenTelemetry's specification has it switched off.
  const off = environment['OTEL_SDK_DISABLED'] === 'true' || environment['OTEL_METRICS_EXPORTER'] === 'none';
  return {
    annotate: annotatorOf(environment), pushgatewayUrl: settings.PUSHGATEWAY_URL ?? null,
    otel: named !== undefined && !off,
  };
}

/** Returns what writes GitHub's workflow commands; null outside of its actions. */
export function annotatorOf(environment: Environment): Outlets['annotate'] {
  return environment['GITHUB_ACTIONS'] === 'true' ? (lines) => process.stdout.write(lines) : null;
}

/**
 * Returns text for standard output in which GitHub's runner finds no command of its own, wherever a line of it breaks:
 * names and messages in it come from outside. `token` must be one that nobody can guess. Outside of GitHub's actions the
 * text is as it was.
 */
export function withoutCommands(text: string, environment: Environment, token: string): string {
  return environment['GITHUB_ACTIONS'] === 'true' ? `::stop-commands::${token}\n${text}\n::${token}::` : text;
}
