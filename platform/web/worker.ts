// A web worker: serves the connections that the primary hands over, until it is told to leave.
import type { Socket } from 'node:net';
import { breakers, describeBreakers } from '../shared/breaker.ts';
import type { BreakerView } from '../shared/breaker.ts';
import type { Figure } from '../shared/figures.ts';
import { giveUp, joinParent, partConfig } from '../shared/part.ts';
import { buildApp } from './app.ts';
import type { Load, LoadReport } from './load.ts';
import { describeProcess, ownFigures } from './metrics.ts';

/** A few times a second is enough to see a rush before people do. */
const REPORT_INTERVAL_MS = 250;
/** A connection that is silent for this long while its worker leaves is taken for unused. */
const DRAIN_IDLE_MS = 3000;
/** The longest answer: an agent task of 30 s, as an event stream. */
const DRAIN_LIMIT_MS = 35_000;

/** What the primary says to a worker. A connection comes with its socket. */
export type Order =
  | { order: 'serve' } | { order: 'connection'; number: number } | { order: 'leave' }
  | { order: 'figures' | 'breakers'; id: number }
  | { order: 'shed'; every: number };
/** What a worker says, beside being ready or failed. */
export interface WorkerMessage {
  load?: LoadReport;
  /** The number of a connection that is in its hands now. */
  taken?: number;
  figures?: Figure[];
  breakers?: BreakerView[];
  /** The order that `figures` or `breakers` answers; absent in the last word of a worker that leaves. */
  id?: number;
}

const config = partConfig();
describeProcess(`web-${config.slot}`);
describeBreakers(`web-${config.slot}`, config.dataDir);
const tell = (message: WorkerMessage): void => void process.send?.(message);

async function leave(load: Load): Promise<void> {
  load.shed(1);
  await load.drained(DRAIN_IDLE_MS, DRAIN_LIMIT_MS);
  const last: WorkerMessage = { figures: await ownFigures() };
  process.send?.(last, () => process.exit(0));
}

let load: Load | null = null;
const mayServe = Promise.withResolvers<void>();
process.on('message', (message: Order, socket: Socket | undefined) => {
  if (message.order === 'serve') mayServe.resolve();
  else if (load === null) return;
  else if (message.order === 'connection') {
    tell({ taken: message.number });
    load.take(socket);
  }
  else if (message.order === 'shed') load.shed(message.every);
  else if (message.order === 'leave') void leave(load);
  else if (message.order === 'breakers') tell({ breakers: breakers(), id: message.id });
  else void ownFigures().then((figures) => tell({ figures, id: message.id }));
});

try {
  // The modules are loaded while the primary prepares the database; it says when that is done.
  await mayServe.promise;
  const built = await buildApp(config);
  await built.app.ready();
  load = built.load;
  setInterval(() => {
    const report = built.load.report();
    if (report) tell({ load: report });
  }, REPORT_INTERVAL_MS).unref();
  joinParent(0, config, () => built.app.close());
} catch (error) {
  giveUp(error);
}
