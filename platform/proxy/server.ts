// The fault proxy: stands between the platform and what it depends on, and speaks Toxiproxy's HTTP API.
import { createServer } from 'node:http';
import { processFigures } from '../shared/figures.ts';
import { sendJson } from '../shared/http.ts';
import { giveUp, joinParent, listen, partConfig } from '../shared/part.ts';
import { seededRandom } from '../shared/random.ts';
import { createApi } from './api.ts';
import { createProxies } from './proxies.ts';

const config = partConfig();
const proxies = createProxies(seededRandom(config.seed));
const api = createApi(proxies);

const server = createServer((request, response) => {
  if (request.url === '/figures') return sendJson(response, 200, processFigures('proxy'));
  api(request, response);
});
listen(server, config.port).then((port) => joinParent(port, config, () => {
  server.closeAllConnections();
  return proxies.close();
}), giveUp);
