// The agent runner: a process of its own that writes briefs with the model. Started for a task, gone when idle.
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import OpenAI from 'openai';
import { breakerFigures, breakers, createBreaker, describeBreakers } from '../shared/breaker.ts';
import { processFigures } from '../shared/figures.ts';
import { readBody, sendJson } from '../shared/http.ts';
import { giveUp, joinParent, listen, partConfig } from '../shared/part.ts';
import { isFault } from '../shared/retry.ts';
import { writeBrief } from './brief.ts';
import type { BriefRequest } from './brief.ts';

/** What the primary asks for. `hasFallback`: its user gets another brief where the model gives none. */
interface RunRequest extends BriefRequest {
  hasFallback: boolean;
}

/** A whole brief takes about a second; the rest is for slow streams that still move. Twice fits into the breaker's window. */
const TOTAL_LIMIT_MS = 6000;
/** Only what failed at once is tried again: a user who has waited this long gets the fallback instead. */
const RETRIES = { attempts: 3, baseMs: 150, maxMs: 600, startWithinMs: 2500 };

const config = partConfig();
describeBreakers('agent', config.dataDir);
// Retries are ours, behind the breaker: the SDK's own would multiply them.
const openai = new OpenAI({
  baseURL: `${config.modelUrl}/v1`, apiKey: 'sk-local-test', maxRetries: 0, timeout: TOTAL_LIMIT_MS,
});
const breaker = createBreaker('model', { timeoutMs: TOTAL_LIMIT_MS });

/** Streams the brief as JSON lines: any number of `progress` with a delta, then one `completed` or `failed`. */
async function run(task: RunRequest, response: ServerResponse): Promise<void> {
  const send = (line: object): void => void response.write(JSON.stringify(line) + '\n');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  let begun = false;
  const onDelta = (delta: string): void => {
    begun = true;
    send({ type: 'progress', delta });
  };
  try {
    const brief = await breaker.runWithRetries((signal) => writeBrief(openai, task, signal, onDelta), {
      // Words that a user has read cannot be taken back.
      ...RETRIES, isRetryable: (error) => !begun && isFault(error),
    }, { signal: gone.signal });
    send({ type: 'completed', brief });
  } catch (error) {
    if (task.hasFallback && !gone.signal.aborted) breaker.fellBack();
    send({ type: 'failed', code: begun ? 'MODEL_INTERRUPTED' : 'MODEL_UNAVAILABLE', message: String(error) });
  }
  response.end();
}

const server = createServer((request, response) => {
  if (request.url === '/figures') return sendJson(response, 200, [...processFigures('agent'), ...breakerFigures()]);
  if (request.url === '/breakers') return sendJson(response, 200, breakers());
  readBody(request).then((body) => run(JSON.parse(body) as RunRequest, response)).catch(() => response.destroy());
});
listen(server).then((port) => joinParent(port, config, () => server.closeAllConnections()), giveUp);
