import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { asCodedError, CodedError, formatError } from '../errors.ts';
import { readSettings } from '../plan/settings.ts';
import { serveMetrics } from './metrics/serve.ts';

const USAGE = 'npm run metrics -- [--port 9464] [--host 127.0.0.1]';
const HELP = `Serves the newest runs, the newest synthetic checks and the error budgets at /metrics, for a Prometheus that scrapes, until it
is ended (Ctrl-C). Reads the reports folder; sends nothing.
  --port   9464 when left out, 0 for any free one
  --host   127.0.0.1 when left out: only this machine is answered`;

async function main(): Promise<number> {
  const { host, port, help } = readArguments();
  if (help) {
    process.stdout.write(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const root = process.cwd();
  const settings = readSettings(root, process.env);
  const server = await serveMetrics({ root, settings, host, port, nowEpochMs: Date.now }).catch((thrown: unknown) => {
    const { code, message } = thrown as NodeJS.ErrnoException;
    throw usageFault(`cannot listen at ${host}:${port}: ${code ?? message}`);
  });
  const { address, port: taken, family } = server.address() as AddressInfo;
  process.stdout.write(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}/metrics\n`);
  const end = (): void => {
    server.close();
    server.closeAllConnections();
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  await once(server, 'close');
  return 0;
}

function usageFault(message: string): CodedError {
  return new CodedError('J_USAGE', [{ where: 'metrics', message, hint: USAGE }]);
}

function readArguments(): { host: string; port: number; help: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '9464' },
        host: { type: 'string', default: '127.0.0.1' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) throw usageFault(`"${values.port}" is no port`);
    return { ...values, port: Number(values.port) };
  } catch (thrown) {
    throw thrown instanceof CodedError ? thrown : usageFault((thrown as Error).message);
  }
}

process.exitCode = await main().catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
