import { join } from 'node:path';
import { asCodedError, formatError } from '../errors.ts';
import { historyCommand } from './history/command.ts';

process.exitCode = await historyCommand(process.argv.slice(2), {
  root: join(import.meta.dirname, '../..'),
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  nowEpochMs: Date.now(),
}).catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
