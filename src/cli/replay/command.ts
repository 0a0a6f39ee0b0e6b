import { HELP, USAGE, readArguments } from './arguments.ts';
import { generate } from './generate.ts';
import { importCommand } from './import.ts';
import { show } from './show.ts';

export interface ReplaySurroundings {
  /** The checkout. */
  root: string;
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  /** Where a line that changes while a long import goes on is written; null where nobody watches. */
  progress: ((text: string) => void) | null;
  /** Width of the terminal. */
  columns: number;
  nowMs: () => number;
  interrupted: AbortSignal;
}

/** Does what `npm run replay -- …` says and returns the exit code. Throws coded errors. */
export async function replayCommand(args: string[], around: ReplaySurroundings): Promise<number> {
  const asked = readArguments(args);
  switch (asked.action) {
    case 'help':
      around.out(`${USAGE}\n\n${HELP}\n`);
      return 0;
    case 'import':
      return importCommand(asked, around);
    case 'generate':
      return generate(asked, around);
    case 'show':
      return show(asked.fixture, around);
  }
}
