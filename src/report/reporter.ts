import type { RunRecord, Story } from '../model/index.ts';
import { allureReporter } from './allure/reporter.ts';
import { csvReporter } from './csv.ts';
import { githubAnnotationsReporter } from './github-annotations.ts';
import { htmlReporter } from './html/html.ts';
import { jsonReporter } from './json.ts';
import { junitReporter } from './junit.ts';
import { otlpReporter } from './otlp.ts';
import { prometheusReporter, pushgatewayReporter } from './prometheus.ts';
import { stepSummaryReporter } from './step-summary.ts';
import { verdictTextReporter } from './verdict-text.ts';

/** Where a run is told beside its folder. Nothing is sent that the caller did not ask for. */
export interface Outlets {
  /** Takes lines that a CI service reads as commands (GitHub annotations). */
  annotate: ((lines: string) => void) | null;
  /** Address of a Prometheus Pushgateway, credentials included if it wants any. */
  pushgatewayUrl: string | null;
  /** True: to where OpenTelemetry's own variables (`OTEL_…`) of the process say. */
  otel: boolean;
}

/** Where a reporter writes. */
export interface ReportContext {
  /** The run folder. */
  runDir: string;
  /** The run folder as a person would type it. */
  runPath: string;
  /** The file of a CI service's step summary, or null. */
  stepSummaryPath: string | null;
  /** What charts show, deep-frozen as the record. */
  story: Story;
  /** Left out: the run is told nowhere else. */
  outlets?: Outlets;
  /** Where files of this project's commit stand on the web, with a slash at its end; left out where nobody knows. */
  sourceUrl?: string;
}

/** Writes one kind of report from a finished, deep-frozen record. */
export interface Reporter {
  name: string;
  write(record: RunRecord, context: ReportContext): Promise<void>;
}

/** Every reporter, in order. A new one is one file and one line here. Those that wait for others come last. */
export const REPORTERS: readonly Reporter[] = [
  jsonReporter,
  verdictTextReporter,
  stepSummaryReporter,
  githubAnnotationsReporter,
  junitReporter,
  csvReporter,
  htmlReporter,
  // Attaches what those before it have written.
  allureReporter,
  prometheusReporter,
  pushgatewayReporter,
  otlpReporter,
];

/** A reporter that did not do its work. */
export interface ReporterFault {
  reporter: string;
  message: string;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/** Runs every reporter, whatever happens to the others, and returns what went wrong. Freezes the record. */
export async function writeReports(
  record: RunRecord,
  context: ReportContext,
  reporters: readonly Reporter[] = REPORTERS,
): Promise<ReporterFault[]> {
  deepFreeze(record);
  deepFreeze(context.story);
  const faults: ReporterFault[] = [];
  for (const reporter of reporters) {
    try {
      await reporter.write(record, context);
    } catch (thrown) {
      faults.push({ reporter: reporter.name, message: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  }
  return faults;
}
