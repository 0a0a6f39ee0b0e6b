import { lengthText } from '../../analyze/burn/alerts.ts';
import type { BudgetAlert } from '../../model/index.ts';
import { harmless } from '../../report/text.ts';
import type { AlertEvent } from './state.ts';

const NUMBERED = /\/(burn|spent)-([\d.]+)/;
const SEVERITIES: readonly BudgetAlert['severity'][] = ['page', 'ticket', 'info'];

const numberOf = ({ id }: BudgetAlert): number => Number(NUMBERED.exec(id)?.[2]);

/** Returns alerts on the same budget for the same reason together, each group's strongest first: an outage trips four burn rates. */
export function grouped<T extends { alert: BudgetAlert }>(events: readonly T[]): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  const strongestFirst = events.toSorted((a, b) =>
    SEVERITIES.indexOf(a.alert.severity) - SEVERITIES.indexOf(b.alert.severity) || numberOf(b.alert) - numberOf(a.alert));
  for (const event of strongestFirst) {
    const key = event.alert.id.replace(NUMBERED, '/$1');
    const group = groups.get(key);
    if (group) group.push(event);
    else groups.set(key, [event]);
  }
  return [...groups.values()];
}

/** Returns the message of the strongest alert of a group, and the limits of the others that are on. */
export function alertText(group: readonly { alert: BudgetAlert }[]): string {
  const [first, ...others] = group.map(({ alert }) => alert);
  if (!first) return '';
  const also = others.map((alert) => (alert.kind === 'burn' ? `${numberOf(alert)}×` : `${numberOf(alert)} %`));
  return harmless(also.length === 0 ? first.message : `${first.message} Also above ${also.join(', ')}.`);
}

/** One line of a message: an alert that began, with its runbook's path, or that is over. */
export interface AlertLine {
  event: AlertEvent['event'];
  severity: BudgetAlert['severity'];
  text: string;
  runbook: string;
}

/** Returns what a person is told of some events, each alert's last one: what began first, each group in one line. */
export function alertLines(events: readonly AlertEvent[]): AlertLine[] {
  // Where a message came late, an alert may have begun, ended and begun again by then: what counts is how it stands.
  const last = [...new Map(events.map((one) => [one.alert.id, one])).values()];
  const of = (event: AlertEvent['event']): AlertEvent[] => last.filter((one) => one.event === event);
  const lineOf = (group: [AlertEvent, ...AlertEvent[]], text: string): AlertLine =>
    ({ event: group[0].event, severity: group[0].alert.severity, text, runbook: harmless(group[0].alert.runbook) });
  return [
    ...grouped(of('began')).map((group) => lineOf(group, alertText(group))),
    ...grouped(of('ended')).map((group) => lineOf(group, overText(group))),
  ];
}

function overText(group: readonly AlertEvent[]): string {
  const [{ alert, sinceEpochMs, atEpochMs }] = group as [AlertEvent];
  const numbers = group.map((one) => numberOf(one.alert));
  const what = alert.kind === 'burn' ? `burning faster than ${numbers.join('×, ')}×` : `${numbers.join(' %, ')} % spent`;
  const lasted = lengthText(Math.max(0, atEpochMs - sinceEpochMs));
  return harmless(`${alert.service}: over after ${lasted}: error budget ${what}${alert.id.endsWith('/prometheus') ? ', by requests' : ''}`);
}
