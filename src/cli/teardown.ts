import { join } from 'node:path';
import { asCodedError, formatError } from '../errors.ts';
import { teardownCommand } from './teardown/command.ts';

// What is removed stays removed, and asking again goes on: nothing has to be put in order first.
process.once('SIGINT', () => process.exit(130));

process.exitCode = await teardownCommand(process.argv.slice(2), {
  root: join(import.meta.dirname, '../..'),
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
}).catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
