import { join } from 'node:path';
import { asCodedError, formatError } from '../errors.ts';
import { drillsCommand } from './drills/command.ts';

const ROOT = join(import.meta.dirname, '../..');

process.exitCode = await drillsCommand(process.argv.slice(2), {
  root: ROOT,
  command: [process.execPath, join(ROOT, 'node_modules/artillery/bin/run'), 'run'],
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  columns: process.stdout.columns,
}).catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
