import { join } from 'node:path';
import { asCodedError, formatError } from '../errors.ts';
import { gameDayCommand } from './gameday/command.ts';

// A terminal that is closed must not keep a game day from taking out what is broken.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exitCode = await gameDayCommand(process.argv.slice(2), {
  root: join(import.meta.dirname, '../..'),
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  input: process.stdin,
  columns: process.stdout.columns,
}).catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
