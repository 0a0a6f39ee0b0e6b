import { CATEGORIES } from './categories.ts';

/** What changes from report to report. */
export interface AllureChoice {
  /** At the top of every page. */
  name: string;
  /** Earlier runs, a line each, read and not written: the lines are made from the runs' own records. Null for a first run. */
  historyPath: string | null;
}

/** More runs than this nobody reads off a chart. */
export const MOST_RUNS = 20;

/** Returns the configuration for Allure 3, as plain data. */
export function allureConfig({ name, historyPath }: AllureChoice): Record<string, unknown> {
  const limit = MOST_RUNS;
  return {
    name,
    // With an empty history, every gate of a first run would be marked as new.
    ...(historyPath === null ? {} : { historyPath }),
    appendHistory: false,
    // For services that take Allure's results; a person sees them in the tree already, or not at all.
    hideLabels: ['epic', 'feature', 'story', 'layer', 'framework', 'language', 'package', 'host', 'thread', 'titlePath'],
    categories: CATEGORIES,
    plugins: {
      awesome: {
        options: {
          reportName: name,
          // One file opens from a disk, and can be sent; several would need a server.
          singleFile: true,
          reportLanguage: 'en',
          groupBy: ['parentSuite', 'suite', 'subSuite'],
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
