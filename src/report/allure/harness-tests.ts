import type { RunRecord } from '../../model/index.ts';
import { escaped } from '../html/markup.ts';
import { count, counted, harmless } from '../text.ts';
import { MESSAGES } from './categories.ts';
import { step } from './model.ts';
import type { Status, Test } from './model.ts';

const ENDED = {
  completed: 'the run came to its end',
  interrupted: 'the run was interrupted',
  fault: 'the harness itself failed',
} as const;

/** Returns what must hold for the run itself before its gates say anything. A broken one is no statement about the target. */
export function harnessTests(record: RunRecord): Test[] {
  const { totals, validity } = record;
  const difference = totals.artilleryDifference;
  const lost = difference ?? 0;
  const tests = [
    condition(record, 'harness-ended', 'the run came to its end',
      totals.ended === 'completed' ? 'passed' : 'broken',
      totals.ended === null ? 'the run never recorded its end: it was killed, or is still under way' : ENDED[totals.ended]),
    condition(record, 'harness-recorded', 'everything was recorded',
      totals.unreadableLines > 0 || lost > 0 ? 'broken' : difference === null ? 'skipped' : 'passed',
      totals.unreadableLines > 0 ? `${counted(totals.unreadableLines, 'line')} could not be read`
        : lost > 0 ? `of ${counted(lost, 'user')} that Artillery started nothing was recorded`
        : difference === null ? `${counted(totals.journeys, 'journey')} recorded; how many Artillery started is not known`
        : `${counted(totals.journeys, 'journey')} recorded, every line readable`),
  ];
  // Without browser users there is nobody whose observation could be disturbed.
  if (totals.observed === 0) return tests;
  const undisturbed: Status = validity.latencyHeldBack ? 'broken' : validity.state === 'unknown' ? 'skipped' : 'passed';
  return [...tests, condition(record, 'harness-observers', 'the observers could measure', undisturbed, harmless(validity.summary))];
}

function condition(record: RunRecord, id: string, title: string, status: Status, summary: string): Test {
  const { validity, totals } = record;
  const share = validity.healthyShare;
  const parameters = [
    { name: 'journeys', value: count(totals.journeys) },
    { name: 'observed', value: count(totals.observed) },
    ...(share === null ? [] : [{ name: 'undisturbed time', value: `${Math.floor(100 * share)} %` }]),
  ];
  return {
    id, name: title, suite: 'The run itself', subject: 'run', metric: null, status, summary,
    message: status === 'passed' ? null : `${status === 'broken' ? MESSAGES.error : MESSAGES['no-data']}: ${summary}`,
    details: null, expected: null, actual: null,
    lengthMs: totals.durationMs,
    severity: 'blocker', owner: null, parameters: [],
    description: `<p>${escaped(summary)}</p><p>This is about the load generator, not about the target.</p>`,
    steps: [step(summary, status, { parameters })],
  };
}
