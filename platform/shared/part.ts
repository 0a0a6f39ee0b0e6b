import { rmSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import type { Faults } from './faults.ts';

/** What a person can set about the platform as a whole. */
export interface Tuning {
  seed: number;
  workers: { min: number; max: number };
  workerIdleMs: number;
  agentConcurrency: number;
  agentQueue: number;
  agentIdleMs: number;
  /** How long a payment may be tried before it is given up, if the provider has none of it. */
  paymentPendingMs: number;
  faults: Faults;
}

/** What main.ts hands to each of its child processes. URLs are absolute, without a trailing slash. */
export interface PartConfig extends Tuning {
  port: number;
  dataDir: string;
  /** True when main made the data directory itself: whoever is last removes it. */
  temporary: boolean;
  /** The dependencies as the platform uses them: through the fault proxy. Empty for the dependencies themselves. */
  paymentsUrl: string;
  modelUrl: string;
  storageUrl: string;
  replicaUrl: string;
  /** The same without the proxy: for their figures and control APIs, which a fault on the network must not touch. */
  paymentsDirectUrl: string;
  modelDirectUrl: string;
  storageDirectUrl: string;
  replicaDirectUrl: string;
  /** The fault proxy's own API (Toxiproxy's). */
  toxiproxyUrl: string;
  /** What operators and the harness show as a Bearer token; guards the operations API and the control APIs. */
  operationsToken: string;
  /** What the payment provider signs its webhooks with. */
  webhookSecret: string;
  /** Where web workers reach the process that they share; empty for the other parts. */
  primaryUrl: string;
  /** Which web worker this is, from 1; a number is used again once its worker has ended. 0 for the other parts. */
  slot: number;
  /** When the platform was started, on the system's clock. */
  startedEpochMs: number;
}

/** Reads the configuration main.ts put into the environment of this part. From here on no fault ends it silently. */
export function partConfig(): PartConfig {
  process.once('uncaughtException', giveUp);
  // A terminal sends Ctrl-C to the whole group; main decides the order, so parts wait for its SIGTERM.
  process.on('SIGINT', () => undefined);
  const text = process.env['OPENSHOW_PART'];
  if (text === undefined) throw new Error('This is a part of the platform: start it with platform/main.ts');
  return JSON.parse(text) as PartConfig;
}

/** A start-up fault with a code; main.ts prints it as one line. */
export class PartFault extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Tells the parent why this part cannot start or go on, then ends the process. */
export function giveUp(fault: unknown): void {
  const known = fault instanceof PartFault;
  const message = fault instanceof Error ? fault.message : String(fault);
  process.stderr.write(`Error: ${message}\n`);
  const report = { failed: { code: known ? fault.code : 'P_PART_FAILED', message } };
  if (process.connected) process.send?.(report, () => process.exit(3));
  else process.exit(3);
}

/**
 * Ties this process to its parent: tells it the port, and ends when told to (SIGTERM) or when the parent is gone
 * (the IPC channel closes even if the parent was killed with -9).
 */
export function joinParent(port: number, config: PartConfig, close: () => Promise<void> | void): void {
  const leave = async (): Promise<void> => {
    setTimeout(() => process.exit(0), 800).unref();
    await close();
    process.exit(0);
  };
  const orphaned = (): void => {
    if (config.temporary) {
      try {
        rmSync(config.dataDir, { recursive: true, force: true });
      } catch {
        // A sibling is removing the same directory; the last one succeeds.
      }
      process.exit(0);
    }
    void leave();
  };
  process.once('SIGTERM', () => void leave());
  process.once('disconnect', orphaned);
  // The parent may have gone while this part was still starting.
  if (process.connected) process.send?.({ ready: port });
  else orphaned();
}

/** Listens on loopback, on any free port unless one is given; returns it. Rejects when the port is taken. */
export function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
