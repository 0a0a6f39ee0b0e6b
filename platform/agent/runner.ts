// The agent runner: a process of its own that writes briefs with the model. Started for a task, gone when idle.
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import OpenAI from 'openai';
import { processFigures } from '../shared/figures.ts';
import { readBody, sendJson } from '../shared/http.ts';
import { giveUp, joinParent, listen, partConfig } from '../shared/part.ts';

interface RunRequest {
  title: string;
  details: string;
  skill: string;
  traceparent: string;
}

const config = partConfig();
const openai = new OpenAI({
  baseURL: `${config.modelUrl}/v1`, apiKey: 'sk-local-test', maxRetries: 1, timeout: 10_000,
});

/** Streams the brief as JSON lines: any number of `progress` with a delta, then one `completed` or `failed`. */
async function run(task: RunRequest, response: ServerResponse): Promise<void> {
  const send = (line: object): void => void response.write(JSON.stringify(line) + '\n');
  const stop = new AbortController();
  response.once('close', () => stop.abort());
  try {
    const stream = await openai.chat.completions.create({
      model: 'openshow-brief-1', stream: true,
      messages: [
        { role: 'system', content: 'You write short briefs for creators of generated media.' },
        { role: 'user', content: `Project: ${task.title}\nSkill: ${task.skill}\nDetails: ${task.details}` },
      ],
    }, { headers: { traceparent: task.traceparent }, signal: stop.signal });
    let text = '';
    let finished = false;
    for await (const chunk of stream) {
      const choice = chunk.choices[0];
      const delta = choice?.delta.content ?? '';
      text += delta;
      finished ||= choice?.finish_reason === 'stop';
      if (delta !== '') send({ type: 'progress', delta });
    }
    if (finished) send({ type: 'completed', brief: text.trim() });
    else send({ type: 'failed', code: 'MODEL_INTERRUPTED', message: 'The model stopped in the middle of the brief.' });
  } catch (error) {
    send({ type: 'failed', code: 'MODEL_UNAVAILABLE', message: String(error) });
  }
  response.end();
}

const server = createServer((request, response) => {
  if (request.url === '/figures') return sendJson(response, 200, processFigures('agent'));
  readBody(request).then((body) => run(JSON.parse(body) as RunRequest, response)).catch(() => response.destroy());
});
listen(server).then((port) => joinParent(port, config, () => server.closeAllConnections()), giveUp);
