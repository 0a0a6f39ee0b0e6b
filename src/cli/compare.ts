import { join } from 'node:path';
import { asCodedError, formatError } from '../errors.ts';
import { wantsColor } from './color.ts';
import { compareCommand } from './compare/command.ts';

const INTERRUPTED = 130;
// Everything that is written is written wholly or not at all.
process.once('SIGINT', () => process.exit(INTERRUPTED));

process.exitCode = await compareCommand(process.argv.slice(2), {
  root: join(import.meta.dirname, '../..'),
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  color: wantsColor(process.env, process.stdout.isTTY),
  columns: process.stdout.columns,
}).catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
