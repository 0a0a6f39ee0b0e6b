import { join } from 'node:path';
import type { Reporter } from './reporter.ts';
import { writeWhole } from './write-file.ts';

/** record.json: everything, for machines. The order of its keys is that of the model. */
export const jsonReporter: Reporter = {
  name: 'record.json',
  write: (record, context) => writeWhole(join(context.runDir, 'record.json'), `${JSON.stringify(record, null, 2)}\n`),
};
