// A local stand-in for a language-model provider: POST /v1/chat/completions as the openai SDK calls it.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import { createControl } from '../shared/control.ts';
import { processFigures, requestFigure } from '../shared/figures.ts';
import { readBody, requestLog, sendJson } from '../shared/http.ts';
import { giveUp, joinParent, listen, partConfig } from '../shared/part.ts';
import { briefTokens } from './text.ts';

/** One token each 13 ms: in the range of hosted small models (60-100 tokens a second). */
const TOKEN_INTERVAL_MS = 13;
/** `slow`, unless the fault says how slow: a token of a stream, and an answer in one piece. */
const SLOW_TOKEN_MS = 250;
const SLOW_ANSWER_MS = 10_000;
/** In OpenAI's words (platform.openai.com/docs/guides/error-codes). */
const REFUSALS = {
  'rate-limit': [429, 'Rate limit reached for requests.', 'requests', 'rate_limit_exceeded'],
  'error-500': [500, 'The server had an error while processing your request.', 'server_error', null],
  'error-503': [503, 'The engine is currently overloaded, please try again later.', 'server_error', null],
} as const;

interface ChatRequest {
  model?: unknown;
  messages?: { role?: unknown; content?: unknown }[];
  stream?: unknown;
}

const config = partConfig();
const log = requestLog(config.dataDir, 'model');
const control = createControl({
  token: config.operationsToken, seed: config.seed, modes: ['rate-limit', 'error-500', 'error-503', 'slow'],
});
let completions = 0;
let requests = 0;

function refuse(
  response: ServerResponse, status: number, message: string, code: string | null, type = 'invalid_request_error',
  headers: Record<string, string> = {},
): void {
  sendJson(response, status, { error: { message, type, param: null, code } }, headers);
}

function stream(response: ServerResponse, model: string, tokens: string[], intervalMs: number): void {
  const id = `chatcmpl-${config.seed}-${(completions += 1)}`;
  const send = (delta: object, finishReason: string | null): void => {
    const choices = [{ index: 0, delta, finish_reason: finishReason }];
    const chunk = { id, object: 'chat.completion.chunk', created: Math.floor(Date.now() / 1000), model, choices };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  send({ role: 'assistant', content: '' }, null);
  let next = 0;
  const timer = setInterval(() => {
    const token = tokens[next];
    next += 1;
    if (token !== undefined) return send({ content: token }, null);
    clearInterval(timer);
    send({}, 'stop');
    response.end('data: [DONE]\n\n');
  }, intervalMs);
  response.once('close', () => clearInterval(timer));
}

async function complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!/^Bearer \S+/.test(request.headers.authorization ?? '')) {
    return refuse(response, 401, 'You did not provide an API key.', 'invalid_api_key');
  }
  // What cannot be read in whole is refused below.
  const text = await readBody(request).catch(() => '');
  const strike = control.strike();
  if (strike?.kind === 'refuse') {
    const [status, message, type, code] = REFUSALS[strike.mode];
    return refuse(response, status, message, code, type, strike.headers);
  }
  let body: ChatRequest;
  try {
    body = JSON.parse(text) as ChatRequest;
  } catch {
    return refuse(response, 400, 'The body is not valid JSON.', 'invalid_json');
  }
  if (typeof body?.model !== 'string' || !Array.isArray(body.messages) || body.messages.length === 0) {
    return refuse(response, 400, 'model and messages are required.', 'missing_required_parameter');
  }
  const prompt = body.messages.map((message) => String(message.content)).join('\n');
  const tokens = briefTokens(config.seed, prompt);
  const slowMs = (otherwise: number): number | null => strike === null ? null : strike.delayMs ?? otherwise;
  if (body.stream === true) {
    return stream(response, body.model, tokens, slowMs(SLOW_TOKEN_MS) ?? TOKEN_INTERVAL_MS);
  }
  const delayMs = slowMs(SLOW_ANSWER_MS);
  if (delayMs !== null) await after(delayMs);
  const message = { role: 'assistant', content: tokens.join('') };
  sendJson(response, 200, {
    id: `chatcmpl-${config.seed}-${(completions += 1)}`, object: 'chat.completion', model: body.model,
    created: Math.floor(Date.now() / 1000), choices: [{ index: 0, message, finish_reason: 'stop' }],
  });
}

const server = createServer((request, response) => {
  if (request.url === '/healthz') return sendJson(response, 200, { status: 'ok' });
  if (request.url === '/figures') {
    return sendJson(response, 200, [...processFigures('model'), requestFigure('model', requests)]);
  }
  if (control.handles(request, response)) return;
  log(request, response);
  requests += 1;
  if (request.method === 'POST' && request.url === '/v1/chat/completions') {
    complete(request, response).catch(() => response.destroy());
  } else refuse(response, 404, 'Unknown request URL.', 'unknown_url');
});
listen(server, config.port).then((port) => joinParent(port, config, () => server.closeAllConnections()), giveUp);
