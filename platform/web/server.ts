// The web service: holds the public port, shares its connections out to workers, keeps what they have in common.
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { PartFault, giveUp, joinParent, listen, partConfig } from '../shared/part.ts';
import { createAgentPool, figuresAt } from './agent.ts';
import { createAutoscaler } from './autoscaler.ts';
import { openDb } from './db.ts';
import { internalRequests } from './internal.ts';
import {
  describeProcess, instances, ownFigures, scaleDowns, scaleUps, workerLoad, workerUtilisation,
} from './metrics.ts';
import { createQueue } from './queue.ts';
import { createScrape } from './scrape.ts';
import { seedDb } from './seed.ts';
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
  const queue = createQueue(db, pool, { concurrency: config.agentConcurrency, length: config.agentQueue });
  internal.on('request', internalRequests(queue, scrape));
  for (const [service, url] of [['payments', config.paymentsUrl], ['model', config.modelUrl]] as const) {
    scrape.add(service, () => figuresAt(url));
    instances.set({ service }, 1);
  }
  await started;

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
    pool.close();
    db.close();
  });
}

serve().catch(giveUp);
