import type { Gate, RunRecord } from '../../model/index.ts';
import { clock } from '../html/figures.ts';
import { count, harmless } from '../text.ts';
import { step } from './model.ts';
import type { Step } from './model.ts';

/** Returns what happened in the drill that a gate belongs to; nothing for any other gate. */
export function drillSteps(record: RunRecord, planned: Gate | undefined): Step[] {
  if (planned?.metric !== 'drill') return [];
  const report = record.drills?.find(({ name }) => name === planned.drill);
  if (report === undefined) return [];
  const { integrityBreaches: breaches } = report;
  const turns = report.timeline.map(({ tMs, event, detail }) =>
    step(`${clock(tMs)} ${harmless(event)}${detail === undefined ? '' : `: ${harmless(detail)}`}`, 'passed', { fromMs: tMs }));
  const users = report.journeys.map(({ journey, n, unaffected, degraded, failed }) => ({
    name: `users: ${harmless(journey)}`,
    value: `${count(n)} in the fault: ${count(unaffected)} noticed nothing, ${count(degraded)} met the fallback, `
      + `${count(failed)} failed`,
  }));
  // A drill whose steady state did not hold, or whose fault never came, says nothing.
  return [step('hold the drill', report.verdict === 'not judged' ? 'skipped' : 'passed', {
    parameters: [
      { name: 'hypothesis', value: harmless(report.hypothesis) },
      { name: 'came of it', value: harmless(report.reason) },
      ...users,
      ...(breaches === null ? [] : [{ name: 'breaches among its payments', value: count(breaches) }]),
    ],
    steps: turns,
  })];
}
