import type { Finding } from '../../../model/index.ts';
import { count } from '../../text.ts';
import { findingOf, findingsOf, intervalText, scopeText, valueText } from '../figures.ts';
import { html } from '../markup.ts';
import { table } from '../table.ts';
import type { Section, View } from '../view.ts';

const TITLES: Readonly<Record<string, string>> = {
  agent_success_rate: 'tasks done', agent_first_progress: 'until the first progress', agent_completion: 'until the task is complete',
  cold_start_incidence: 'tasks that met a cold start', cold_start_penalty: 'longest cold start',
};

/** Returns what came of the tasks that users gave to the agent. */
export function agentSection({ record }: View): Section {
  const id = 'agent';
  const title = 'Agent tasks';
  const success = findingOf(record, 'agent_success_rate', 'rate');
  const found = Object.keys(TITLES).flatMap((metric) => findingsOf(record, metric).filter(({ n }) => n > 0));
  if (found.length === 0) {
    const isAsked = record.plan.journeys.some(({ name, weight }) => weight > 0 && /agent/i.test(name));
    const why = isAsked ? 'no task came to an end' : 'no journey of this plan gives the agent a task';
    return { id, title, lead: `No data: ${why}.`, body: html`` };
  }
  const median = findingOf(record, 'agent_completion', 'p50');
  // Success counts everybody, latency those who were observed.
  const half = median?.value == null ? '' : `, half of the ${count(median.n)} observed ones within ${valueText(median.value, 'ms')}`;
  const done = success === undefined || success.n === 0
    ? 'How many were done is not known' : `${count(success.events ?? 0)} of ${count(success.n)} tasks were done`;
  return {
    id, title, lead: `${done}${half}.`,
    body: table('Measures of agent tasks', [
      { title: 'measure' }, { title: 'statistic' }, { title: 'observed', number: true }, { title: 'interval' },
      { title: 'n', number: true }, { title: 'beyond deadline', number: true },
    ], found.map(row)),
  };
}

function row({ metric, scope, stat, value, interval, unit, n, censored }: Finding): string[] {
  const about = Object.keys(scope).length === 0 ? '' : ` (${scopeText(scope)})`;
  const measure = `${TITLES[metric] ?? metric}${about}`;
  return [measure, stat === 'rate' ? 'share' : stat, valueText(value, unit), intervalText(interval, unit), count(n), count(censored)];
}
