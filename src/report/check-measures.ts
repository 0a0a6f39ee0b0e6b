import { Check, type CheckRound, type ErrorBudget } from '../model/index.ts';
import { hostOf, type Measure } from './measures.ts';
import { harmless } from './text.ts';

type Attributes = Record<string, string>;

/** Returns the newest round of synthetic checks in figures: one that ran. */
export function checkMeasures(round: CheckRound): Measure[] {
  const target = hostOf(round.target);
  const one = (name: string, unit: string, description: string, value: number, more: Attributes = {}): Measure =>
    ({ name: `journeys.check.${name}`, unit, description, attributes: { target, ...more }, value });
  return [
    one('end_time', 's', 'When the newest round of checks ended, since the epoch.', round.endedAtEpochMs / 1_000),
    ...(round.everyMs === null ? [] : [one('interval', 's', 'Time between rounds.', round.everyMs / 1_000)]),
    ...round.checks.flatMap(({ journey, status, attempts }) => {
      const about = { journey: harmless(journey) };
      const last = attempts.at(-1);
      return [
        ...Check.shape.status.options.map((option) => {
          const is = Number(option === status);
          return one('status', '', '1 for the status that the journey has.', is, { ...about, status: option });
        }),
        one('attempts', '{attempt}', 'How often the journey was tried.', attempts.length, about),
        ...(last ? [one('duration', 's', 'How long the last attempt took.', last.durationMs / 1_000, about)] : []),
      ];
    }),
  ];
}

/** Returns error budgets in figures; what is not known is left out. */
export function budgetMeasures(budgets: readonly ErrorBudget[], target: string): Measure[] {
  return budgets.flatMap(({ service, source, objectivePercent, leftPercent, burns }) => {
    const one = (name: string, unit: string, description: string, value: number | null, more = {}): Measure[] => {
      const attributes = { target: hostOf(target), service, source, ...more };
      return value === null ? [] : [{ name: `journeys.error_budget.${name}`, unit, description, attributes, value }];
    };
    return [
      ...one('objective', '1', 'Share of the time (or requests) that must be good.', share(objectivePercent)),
      ...one('left', '1', 'Share of the error budget that is left.', leftPercent === null ? null : share(leftPercent)),
      ...burns.flatMap(({ windowMs, rate }) =>
        one('burn_rate', '', '1 uses up the budget exactly by its end.', rate, { window: `${windowMs / 60_000}m` })),
    ];
  });
}

function share(percent: number): number {
  return Number((percent / 100).toPrecision(12));
}
