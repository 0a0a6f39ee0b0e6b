// The read replica: a process with a copy of the marketplace of its own, fed by the primary, that answers searches.
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { processFigures, requestFigure } from '../shared/figures.ts';
import { readBody, sendJson } from '../shared/http.ts';
import { PartFault, giveUp, joinParent, listen, partConfig } from '../shared/part.ts';
import { AS_OF_HEADER } from '../shared/replication.ts';
import type { ChangeBatch } from '../shared/replication.ts';
import { searchCreators, searchListings } from '../shared/search.ts';
import type { CreatorQuery, ListingQuery } from '../shared/search.ts';
import { showsToken } from '../shared/token.ts';
import { openCopy } from './copy.ts';

/** 200 listings with the longest descriptions, in JSON. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

const config = partConfig();
const file = join(config.dataDir, 'replica.db');
let requests = 0;

function openEmpty(): ReturnType<typeof openCopy> {
  try {
    // Its place in the feed is not kept; the whole copy is there again within a second.
    for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
    return openCopy(file);
  } catch (error) {
    throw new PartFault('P_DATA_DIR', `the replica's database cannot be made: ${(error as Error).message}`);
  }
}

const copy = openEmpty();

/** The answer to a search, or null where there is no such search. Throws on a query that is none. */
function search(url: URL): object | null {
  const query = JSON.parse(url.searchParams.get('query') ?? 'null') as unknown;
  if (url.pathname === '/creators') return searchCreators(copy.reader, query as CreatorQuery);
  // Listings of one user are that user's own business; the primary serves them.
  if (url.pathname === '/listings') return searchListings(copy.reader, { ...query as ListingQuery, userId: null });
  return null;
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://replica');
  if (url.pathname === '/healthz') return sendJson(response, 200, { status: 'ok', ...copy.position() });
  if (url.pathname === '/figures') {
    return sendJson(response, 200, [...processFigures('replica'), requestFigure('replica', requests)]);
  }
  if (url.pathname === '/changes') {
    if (!showsToken(request.headers.authorization, config.operationsToken)) {
      return sendJson(response, 403, { error: 'the primary alone writes' });
    }
    const taken = copy.apply(JSON.parse(await readBody(request, MAX_BATCH_BYTES)) as ChangeBatch);
    return sendJson(response, taken ? 200 : 409, copy.position());
  }
  requests += 1;
  const asOfMs = copy.asOfMs();
  if (asOfMs === null) return sendJson(response, 503, { error: 'the first copy is not complete yet' });
  const found = search(url);
  if (found === null) return sendJson(response, 404, { error: 'there is nothing here' });
  sendJson(response, 200, found, { [AS_OF_HEADER]: String(asOfMs) });
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    if (response.headersSent) response.destroy();
    else sendJson(response, 400, { error: String(error) });
  });
});
listen(server, config.port).then((port) => joinParent(port, config, () => {
  server.closeAllConnections();
  copy.close();
}), giveUp);
