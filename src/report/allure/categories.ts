import type { GateStatus } from '../../model/index.ts';
import type { Status } from './model.ts';

/** The first words of a message say its category: Allure goes by patterns over messages, and both take them from here. */
export const MESSAGES: Record<Exclude<GateStatus, 'pass'>, string> = {
  'fail': 'Limit missed',
  'inconclusive': 'Not settled',
  'no-data': 'No data',
  'error': 'Harness fault',
};

/** A category in the form that Allure 2 and Allure 3 both read. */
export interface Category {
  name: string;
  matchedStatuses: Status[];
  messageRegex?: string;
}

const begins = (words: string): string => `^${words}[\\s\\S]*`;

/** The first that matches is a result's category; those of the functional journeys have words of their own. */
export const CATEGORIES: readonly Category[] = [
  { name: 'Limits missed', matchedStatuses: ['failed'], messageRegex: begins(MESSAGES.fail) },
  {
    name: 'Faults of the harness: they say nothing about the target',
    matchedStatuses: ['broken'], messageRegex: begins(MESSAGES.error),
  },
  {
    name: 'Latency not judged: the observers were disturbed',
    matchedStatuses: ['skipped'], messageRegex: '[\\s\\S]*observers (?:disturbed|unproven)[\\s\\S]*',
  },
  { name: 'Not settled: more samples are needed', matchedStatuses: ['skipped'], messageRegex: begins(MESSAGES.inconclusive) },
  { name: 'No data', matchedStatuses: ['skipped'], messageRegex: begins(MESSAGES['no-data']) },
  { name: 'Functional journeys that failed', matchedStatuses: ['failed', 'broken'] },
];
