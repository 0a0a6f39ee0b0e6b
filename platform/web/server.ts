// The web service: holds the public port, shares its connections out to workers, keeps what they have in common.
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { breakers, describeBreakers } from '../shared/breaker.ts';
import type { BreakerView } from '../shared/breaker.ts';
import { PartFault, giveUp, joinParent, listen, partConfig } from '../shared/part.ts';
import { createAgentPool, figuresAt } from './agent.ts';
import { createAutoscaler } from './autoscaler.ts';
import { openDb } from './db.ts';
import { createFlags } from './flags.ts';
import { internalRequests } from './internal.ts';
import {
  describeProcess, instances, ownFigures, scaleDowns, scaleUps, workerLoad, workerUtilisation,
} from './metrics.ts';
import { createMoney } from './money-parts.ts';
import { createObjectStore } from './object-store.ts';
import { createProvider } from './provider.ts';
import { createQueue } from './queue.ts';
import { startReplication } from './replication.ts';
import { startOutboxRunner } from './runner.ts';
import { createScrape } from './scrape.ts';
import { seedDb } from './seed.ts';
import { createUploader } from './uploader.ts';
import { spoolOf } from './uploads.ts';
import { registerWebhooks } from './webhooks.ts';
import { createWorkers } from './workers.ts';

/** The autoscaler's look at its workers; as often as they report. */
const LOOK_INTERVAL_MS = 250;

async function openPort(port: number, accept: (socket: Socket) => void): Promise<number> {
  // Paused, so that nothing of a connection is read before it is in its worker.
  const server = createServer({ pauseOnConnect: true, noDelay: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      reject(code === 'EADDRINUSE' || code === 'EACCES'
        ? new PartFault('P_PORT_TAKEN', `port ${port}: ${code}; choose another with --port`) : new Error(message));
    });
    server.listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

const config = partConfig();
describeProcess('web-primary');
describeBreakers('web-primary', config.dataDir);
const scrape = createScrape(ownFigures);

async function serve(): Promise<void> {
  const internal = createHttpServer();
  const primaryUrl = `http://127.0.0.1:${await listen(internal)}`;
  const { min, max } = config.workers;
  const workers = createWorkers({ ...config, primaryUrl }, scrape, {
    notice: (notice) => process.send?.({ notice }), hopeless: giveUp,
  });
  const port = await openPort(config.port, workers.accept);
  // They load their modules while the database is filled here.
  const started = Promise.all(Array.from({ length: min }, () => workers.start(false)));
  started.catch(() => undefined);
  const db = openDb(join(config.dataDir, 'platform.db'));
  await seedDb(db, config.seed);
  workers.serve();

  const pool = createAgentPool(config, scrape);
  const flags = createFlags(db);
  const queue = createQueue(db, pool, flags, { concurrency: config.agentConcurrency, length: config.agentQueue });
  const uploader = createUploader(db, createObjectStore(config), flags, spoolOf(config.dataDir));
  const stopReplication = startReplication(db, config);
  // Each process has breakers of its own; one that is busy or gone is left out.
  const allBreakers = async (): Promise<BreakerView[]> =>
    [...breakers(), ...await workers.breakers(), ...await pool.breakers().catch(() => [])];
  internal.on('request', internalRequests({ queue, scrape, uploader, workers, breakers: allBreakers }));
  // Not through the proxy: a fault on the network is no reason to lose sight of what is behind it.
  const parts = [
    ['payments', config.paymentsDirectUrl], ['model', config.modelDirectUrl], ['storage', config.storageDirectUrl],
    ['replica', config.replicaDirectUrl], ['proxy', config.toxiproxyUrl],
  ] as const;
  for (const [service, url] of parts) {
    scrape.add(service, () => figuresAt(url));
    instances.set({ service }, 1);
  }
  await started;
  // Settles what is under way for payments: there is one primary, so that there is one of these.
  const runner = startOutboxRunner(createMoney(config, db, createProvider(config.paymentsUrl)));
  void registerWebhooks(config, `http://127.0.0.1:${port}`);

  const decide = createAutoscaler({ min, max, idleMs: config.workerIdleMs });
  setInterval(() => {
    const nowMs = performance.now();
    const look = workers.look(nowMs);
    workerLoad.set(look.inFlight / Math.max(1, look.ready));
    workerUtilisation.set(look.utilisation / Math.max(1, look.ready));
    const wanted = decide(nowMs, look);
    if (wanted === 'fewer') {
      scaleDowns.inc();
      workers.letGo();
    } else if (wanted === 'more') {
      scaleUps.inc();
      workers.start(true).catch(() => undefined);
    }
  }, LOOK_INTERVAL_MS).unref();
  joinParent(port, config, async () => {
    await workers.stop();
    uploader.close();
    stopReplication();
    pool.close();
    runner.stop();
    db.close();
  });
}

serve().catch(giveUp);
