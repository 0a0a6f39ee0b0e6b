import { join } from 'node:path';
import { asCodedError, formatError } from '../errors.ts';
import { budgetCommand } from './budget/command.ts';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

process.exitCode = await budgetCommand(process.argv.slice(2), {
  root: join(import.meta.dirname, '../..'),
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  nowEpochMs: Date.now(),
  isTerminal: process.stdout.isTTY,
  columns: process.stdout.columns,
  signal: stop.signal,
}).catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
