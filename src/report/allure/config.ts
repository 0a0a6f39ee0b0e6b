import { CATEGORIES } from './categories.ts';

/** What changes from report to report. */
export interface AllureChoice {
  /** At the top of every page. */
  name: string;
  /** Earlier runs, a line each; none without. Read only: the lines are made from the runs' own records. */
  historyPath?: string;
}

/** More runs than this nobody reads off a chart. */
export const MOST_RUNS = 20;

/** Returns the configuration for Allure 3, as plain data. */
export function allureConfig({ name, historyPath }: AllureChoice): Record<string, unknown> {
  const limit = MOST_RUNS;
  return {
    name,
    ...(historyPath === undefined ? {} : { historyPath }),
    appendHistory: false,
    categories: CATEGORIES,
    plugins: {
      awesome: {
        options: {
          reportName: name,
          // One file opens from a disk, and can be sent; several would need a server.
          singleFile: true,
          reportLanguage: 'en',
          groupBy: ['parentSuite', 'suite'],
          charts: [
            { type: 'currentStatus', title: 'This run' },
            { type: 'statusDynamics', title: 'Gates over the runs', limit },
            { type: 'statusTransitions', title: 'What changed from run to run', limit },
            { type: 'statusAgePyramid', title: 'For how many runs gates have not passed', limit },
            { type: 'stabilityDistribution', title: 'How steady the gates are, by kind', groupBy: 'suite', threshold: 90, limit },
            { type: 'testResultSeverities', title: 'By severity' },
          ],
        },
      },
    },
  };
}
