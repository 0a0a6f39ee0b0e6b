import type OpenAI from 'openai';
import { DependencyTimeout } from '../shared/breaker.ts';

export interface BriefRequest {
  title: string;
  details: string;
  skill: string;
  traceparent: string;
}

/** Until the first word, and between any two: a stream that is silent for longer will not be read to its end. */
const SILENCE_LIMIT_MS = 3000;

/**
 * Writes a brief with the model; `onDelta` hears each piece of it. Rejects with DependencyTimeout after a silence, and
 * with an error when the stream ends in the middle.
 */
export async function writeBrief(
  openai: OpenAI, task: BriefRequest, signal: AbortSignal, onDelta: (delta: string) => void,
): Promise<string> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  const timer = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS);
  let text = '';
  let finished = false;
  try {
    const stream = await openai.chat.completions.create({
      model: 'openshow-brief-1', stream: true,
      messages: [
        { role: 'system', content: 'You write short briefs for creators of generated media.' },
        { role: 'user', content: `Project: ${task.title}\nSkill: ${task.skill}\nDetails: ${task.details}` },
      ],
    }, { headers: { traceparent: task.traceparent }, signal: either });
    for await (const chunk of stream) {
      const choice = chunk.choices[0];
      const delta = choice?.delta.content ?? '';
      finished ||= choice?.finish_reason === 'stop';
      if (delta === '') continue;
      timer.refresh();
      text += delta;
      onDelta(delta);
    }
  } catch (error) {
    if (!silence.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  // The SDK ends an aborted stream without an error.
  if (silence.signal.aborted) throw new DependencyTimeout('model', SILENCE_LIMIT_MS);
  if (!finished) throw new Error('the model stopped in the middle of the brief');
  return text.trim();
}
