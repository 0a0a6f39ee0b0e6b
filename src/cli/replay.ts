import { join } from 'node:path';
import { asCodedError, formatError } from '../errors.ts';
import { watchInterrupts } from './campaign/interrupts.ts';
import { replayCommand } from './replay/command.ts';

const interrupted = new AbortController();
const interrupts = watchInterrupts();
interrupts.listener = () => {
  // The first ends the command in its own order, the second at once.
  if (interrupted.signal.aborted) process.exit(130);
  interrupted.abort();
};

process.exitCode = await replayCommand(process.argv.slice(2), {
  root: join(import.meta.dirname, '../..'),
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  progress: process.stderr.isTTY ? (text) => void process.stderr.write(text) : null,
  columns: process.stdout.columns || 120,
  nowMs: Date.now,
  interrupted: interrupted.signal,
}).catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
