import { BUDGET_RUNBOOK, runbookOf, type Slo } from '../../model/index.ts';
import type { Alert } from './rule.ts';

const RUNBOOK = 'ops/runbooks/load-run.md';
/** The profile that runs each night; a night and half a day without it is one that was missed. */
const NIGHTLY = 'load';
const NIGHTLY_MISSED_S = 36 * 3_600;
const MISSED_ROUNDS = 3;

/** Returns the alerts on runs and checks themselves, from their own figures. They say that somebody has to look. */
export function runAlerts({ validity }: Slo): Alert[] {
  const labels = { severity: 'ticket' };
  const who = '{{ $labels.profile }} against {{ $labels.target }}';
  return [
    {
      alert: 'LoadRunNoGo',
      expr: 'journeys_run_decision{decision="NO-GO"} == 1',
      labels,
      annotations: {
        summary: `The newest run of ${who} is NO-GO`,
        description: 'A gate of slo.yml failed; journeys_gate_status{status="fail"} == 1 names it.',
        runbook: RUNBOOK,
      },
    },
    {
      alert: 'LoadRunPaymentsBreached',
      expr: 'max by (profile, target, breach) (journeys_integrity) > 0',
      labels,
      annotations: {
        summary: `Payments went astray in the newest run of ${who}: {{ $labels.breach }}`,
        description: 'The books of browsers, platform and provider disagree (documentation/integrity.md).',
        runbook: runbookOf('integrity'),
      },
    },
    {
      alert: 'LoadRunFaulty',
      expr: 'journeys_run_exit_code >= 3',
      labels,
      annotations: {
        summary: `The newest run of ${who} was interrupted, or the harness failed`,
        description: 'Nothing is said about the target; exit code {{ $value }} (documentation/errors.md).',
        runbook: RUNBOOK,
      },
    },
    {
      alert: 'LoadRunMissing',
      expr: `time() - max by (profile, target) (journeys_run_end_time_seconds{profile="${NIGHTLY}"}) > ${NIGHTLY_MISSED_S}`,
      labels,
      annotations: {
        summary: `No run of ${who} for {{ $value | humanizeDuration }}`,
        description: `The profile ${NIGHTLY} runs each night.`,
        runbook: RUNBOOK,
      },
    },
    {
      alert: 'LoadRunDisturbed',
      expr: `journeys_run_undisturbed_ratio < ${validity.min_healthy_percent / 100}`,
      labels,
      annotations: {
        summary: `The generator was in the way of the newest run of ${who}`,
        description: 'Its observers were undisturbed for {{ $value | humanizePercentage }} of the time: no latency was judged.',
        runbook: RUNBOOK,
      },
    },
    {
      alert: 'ChecksMissing',
      // A checker that is silent spends no budget, and sends no alert of its own.
      expr: `time() - journeys_check_end_time_seconds > ${MISSED_ROUNDS} * journeys_check_interval_seconds`,
      labels,
      annotations: {
        summary: 'No synthetic checks of {{ $labels.target }} for {{ $value | humanizeDuration }}',
        description: `${MISSED_ROUNDS} rounds and more are missing; reports/checks says what came of the newest one.`,
        runbook: BUDGET_RUNBOOK,
      },
    },
  ];
}
