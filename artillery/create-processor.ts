import { CodedError, formatError } from '../src/errors.ts';
import { loadJourneys } from '../src/drive/journeys.ts';
import { MainRun } from './main-run.ts';
import { WorkerRun } from './worker-run.ts';

export type EngineFunction = (page: unknown, context: unknown, events: unknown) => Promise<void>;

/** Returns what Artillery takes as its processor: the preflight check, and a function for each journey of a folder. */
export async function createProcessor(
  journeysFolder: string,
): Promise<Record<string, EngineFunction | (() => Promise<void>)>> {
  const { journeys, faults } = await loadJourneys(journeysFolder);
  WorkerRun.journeys = journeys;

  /** Runs in the main thread before the first arrival: everything that can be refused is refused here. */
  async function preflight(): Promise<void> {
    if (!MainRun.current) {
      // Artillery only warns about a plugin that it cannot load, and the run would end without a verdict.
      console.error(formatError(new CodedError('J_PLUGIN_MISSING')));
      process.exit(3);
    }
    await MainRun.current.preflight([...journeys.values()], faults);
  }

  const users: Record<string, EngineFunction> = {};
  for (const [name, journey] of journeys) {
    users[name] = async (page) => {
      if (!WorkerRun.current) throw new CodedError('J_PLUGIN_MISSING');
      await WorkerRun.current.arrive(journey, page);
    };
  }
  return { ...users, preflight };
}
