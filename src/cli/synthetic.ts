import { join } from 'node:path';
import { asCodedError, formatError } from '../errors.ts';
import { budgetRound } from './budget/round.ts';
import { wantsColor } from './color.ts';
import { syntheticCommand } from './synthetic/command.ts';

// A terminal that is closed, or a reader that has seen enough, must not end a schedule, nor keep a round from its record.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exitCode = await syntheticCommand(process.argv.slice(2), {
  root: join(import.meta.dirname, '../..'),
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  color: wantsColor(process.env, process.stdout.isTTY),
  columns: process.stdout.columns,
  budgetRound,
}).catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
