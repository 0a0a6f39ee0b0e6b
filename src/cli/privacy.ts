import { join } from 'node:path';
import { asCodedError, formatError } from '../errors.ts';
import { privacyCommand } from './privacy/command.ts';

process.exitCode = await privacyCommand(process.argv.slice(2), {
  root: join(import.meta.dirname, '../..'),
  environment: process.env,
  out: (text) => void process.stdout.write(text),
}).catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
