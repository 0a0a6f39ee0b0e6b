import { join } from 'node:path';
import type { Reporter } from './reporter.ts';
import { verdictBlock } from './terminal.ts';
import { writeWhole } from './write-file.ts';

/** Wide enough that no line of a usual run wraps, whatever terminal it was made in. */
const WIDTH = 120;

/** verdict.txt: the block without colour, the same wherever it is written. */
export const verdictTextReporter: Reporter = {
  name: 'verdict.txt',
  write: (record, context) => {
    const block = verdictBlock(record, { runPath: context.runPath, width: WIDTH, color: false });
    return writeWhole(join(context.runDir, 'verdict.txt'), `${block}\n`);
  },
};
